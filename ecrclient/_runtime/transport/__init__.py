"""How requests travel: over a wire of our own, or through any ``httpx.AsyncBaseTransport``.

httpx's own pool takes time in proportion to its connections, loses slots when requests are
cancelled, and lets bytes left over from one answer reach the next; hence ours. It knows nothing of
httpx, which is imported only for those who speak it. Read it in this order:

===============  ===============================================================
``wire``         ``Wire``: a request on its way, from slot to answer
``pool``         the slots, and the line of those who wait for one
``exchange``     a request on a connection: sent, answered, and ended exactly once
``connection``   a socket that the event loop only waits for
``watch``        how it waits, on asyncio and on trio
``connecting``   from a host's name to a connection
``parsers``      what reads answers: ``h11_parser``, or ``fast_parser`` on httptools
``answers``      the answer, and its headers
``bodies``       a body while it arrives: coalesced, decoded, bounded
``encodings``    gzip and deflate, decoded in bounded steps
``tls``          SSL contexts, shared by the process
``default``      what a client gets that is given no transport
===============  ===============================================================

What speaks httpx:

===============  ===============================================================
``pooled``       ``PooledTransport``: the wire for middleware and other clients
``messages``     an ``httpx.Request`` as bytes
``responses``    bounded ``httpx.Response`` objects
``proxies``      httpx's transport behind a limit of ours, where there is a proxy
``translation``  httpx's errors made ours, and ours httpx's
===============  ===============================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecrclient._runtime.lazy import lazily
from ecrclient._runtime.transport.answers import Answer, decode_headers
from ecrclient._runtime.transport.default import default_transport
from ecrclient._runtime.transport.pool import PoolStats
from ecrclient._runtime.transport.wire import Origin, Wire

if TYPE_CHECKING:
    from ecrclient._runtime.transport.messages import AnswerTooLarge
    from ecrclient._runtime.transport.pooled import PooledTransport
    from ecrclient._runtime.transport.proxies import LimitedTransport
    from ecrclient._runtime.transport.translation import translate_error

__all__ = [
    "Answer",
    "AnswerTooLarge",
    "LimitedTransport",
    "Origin",
    "PoolStats",
    "PooledTransport",
    "Wire",
    "decode_headers",
    "default_transport",
    "translate_error",
]

_SPEAK_HTTPX = {
    "LimitedTransport": ".proxies",
    "PooledTransport": ".pooled",
    "AnswerTooLarge": ".messages",
    "translate_error": ".translation",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazily(__name__, _SPEAK_HTTPX)
