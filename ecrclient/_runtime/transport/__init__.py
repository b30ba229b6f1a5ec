"""How requests travel: any ``httpx.AsyncBaseTransport``, by default one of our own.

httpx's own pool takes time in proportion to its connections, loses slots when requests are
cancelled, and lets bytes left over from one answer reach the next; hence ours. Read it in this
order:

==============  ================================================================
``pooled``      ``PooledTransport``: a request on its way, from slot to answer
``pool``        the slots, and the line of those who wait for one
``exchange``    a request on a connection: sent, answered, and ended exactly once
``connection``  a socket that the event loop only waits for
``connecting``  from a host's name to a connection
``parsers``     what reads answers: ``h11_parser``, or ``fast_parser`` on httptools
``messages``    requests to bytes, answers to ``httpx.Response``
``tls``         SSL contexts, shared by the process
``proxies``     httpx's transport behind a limit of ours, where there is a proxy
``default``     which of them a client gets; their errors made ours
==============  ================================================================
"""

from __future__ import annotations

from ecrclient._runtime.transport.default import default_transport, translate_error
from ecrclient._runtime.transport.messages import Answer, ResponseTooLarge, decode_headers
from ecrclient._runtime.transport.pool import PoolStats
from ecrclient._runtime.transport.pooled import PooledTransport
from ecrclient._runtime.transport.proxies import LimitedTransport

__all__ = [
    "Answer",
    "LimitedTransport",
    "PoolStats",
    "PooledTransport",
    "ResponseTooLarge",
    "decode_headers",
    "default_transport",
    "translate_error",
]
