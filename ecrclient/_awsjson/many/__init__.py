"""Calls that send several requests: pagination, prefetching, batches and waiters."""
