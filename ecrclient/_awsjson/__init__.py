"""The hand-written runtime of generated clients, for any AWS service with a JSON protocol.

``client`` has the base class of the clients. The packages, from the highest layer to the lowest:

- ``many``: pagination, batching and waiters, which make several calls
- ``calling``: one call, with its retries, deadline and telemetry
- ``over_httpx``: middleware, users' transports and proxies; all that imports httpx
- ``attempts``: one attempt as data, and its signature
- ``credentials``: providers of credentials, and their refresh
- ``settings``: arguments, environment and shared configuration files
- ``transport``: connections, the pool and HTTP/1.1
- ``protocol``: operations, models and the JSON codec
- ``support``: small tools without dependencies
"""
