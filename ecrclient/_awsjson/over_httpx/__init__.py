"""What imports httpx: middleware, user transports, proxies, and the pool as a transport."""
