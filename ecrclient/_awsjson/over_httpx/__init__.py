"""Everything that imports httpx: middleware, users' transports, proxies, ``PooledTransport``."""
