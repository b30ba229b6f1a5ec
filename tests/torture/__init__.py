"""Malicious responses, generated from a seed, and the client's outcome for each.

``python -m tests.torture`` sends each to a real client over its default transport and measures the
CPU time and the peak memory of the client's process. See ``README.md``.
"""
