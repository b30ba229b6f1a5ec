"""The hand-written runtime: everything that a generated client needs and that has logic.

Read it in this order: ``operation`` (an operation as data), ``shapes`` (how models are defined),
``client`` (the one pipeline that every call goes through), then what that pipeline uses: ``codec``,
``signing``, ``credentials``, ``retry``, ``errors``; ``pagination`` and ``waiting`` stand on top.
"""
