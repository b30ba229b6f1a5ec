"""Several calls that are one to the caller: pagination, prefetching, batches and waiters."""
