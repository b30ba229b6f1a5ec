"""Malicious responses, generated from a seed, and what the client makes of each.

``python -m tests.torture`` sends each to a real client over its default wire and measures the CPU
time and the peak memory of the client's process. See ``README.md``.
"""
