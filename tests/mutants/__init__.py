"""Mutation testing, as ``nox -s mutants`` runs it: see ``tests/conformance/README.md``.

mutmut makes the mutants and the wrappers that choose between them. Its own runner is not used: it
starts pytest for each mutant, which takes seconds, and has no time limit for a single test, so a
mutant that waits forever takes three times the duration of all tests.
"""
