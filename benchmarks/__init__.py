"""Measurements that take longer than a test may.

``python -m benchmarks`` compares the client with what else there is; ``python -m benchmarks.soak``
drives it through faults. The files, in the order in which a measurement meets them:

=============  ===================================================================
``cases``      what is asked for, and the canned answers
``server``     gives the answers, in a process of its own
``peers/``     the clients that are compared: each opens itself and offers the cases
``worker``     one peer in a process of its own: makes calls and measures them
``coldstart``  a process that starts, makes one call, and ends; ``memory`` one that grows
``stages``     the stages of one call; ``imports`` the import, package by package
``rounds``     the peers in turn, round after round
``figures``    medians, spread, and when there is too much of it
``targets``    the ratios to reach
``report``     the table; ``charts``: the same as SVG
=============  ===================================================================

Workers run in two environments, ours and that of the peers (aiobotocore pins another botocore), so
what they import of this package is nothing but the standard library.
"""
