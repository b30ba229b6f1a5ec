"""Measurements that take longer than a test may.

``python -m benchmarks`` compares the client with its alternatives; ``python -m benchmarks.soak``
drives it through faults. The files, in the order in which a measurement uses them:

=============  ===================================================================
``cases``      the calls that are measured, and the canned responses
``server``     sends the responses, in a separate process
``peers/``     the clients that are compared: each opens itself and offers the cases
``worker``     one peer in a separate process: makes calls and measures them
``coldstart``  a process that starts, makes one call, and ends; ``memory`` one that grows
``stages``     the stages of one call; ``imports`` the import, package by package
``rounds``     the peers in turn, round after round
``figures``    medians, their spread, and whether it is too large
``targets``    the ratios to reach
``report``     the table; ``charts``: the same as SVG
=============  ===================================================================

Workers run in two environments, this project's and that of the peers (aiobotocore pins another
botocore), so the modules that they share import only the standard library.
"""
