"""The response parser based on ``h11``, a dependency of httpx."""

from __future__ import annotations

from functools import cache

import h11

from ecrclient._awsjson.support.bounded_text import MAX_NAME, shorten
from ecrclient._awsjson.transport.parser import (
    CUT_BODY,
    CUT_HEAD,
    MAX_HEAD_BYTES,
    ParseError,
    ResponseParser,
)

__all__ = ["H11Parser"]


_END_OF_REQUEST = h11.EndOfMessage()


@cache
def _request(method: str) -> h11.Request:
    """The event of a request, of which only the method matters to h11."""
    return h11.Request(method=method, target="/", headers=[("host", "h")])


class H11Parser(ResponseParser):
    """Parses responses with ``h11``."""

    def __init__(self) -> None:
        self._h11 = self._new()

    @staticmethod
    def _new() -> h11.Connection:
        return h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)

    def _start(self, method: str) -> None:
        if self._h11.our_state is h11.DONE:
            self._h11.start_next_cycle()
        # h11 reads a response only after the events of its request.
        self._h11.send(_request(method))
        self._h11.send(_END_OF_REQUEST)

    def _feed(self, data: bytes) -> None:
        self._h11.receive_data(data)
        self._read_events()

    def feed_eof(self, *, cut: bool) -> None:
        if not self.head_done:
            raise ParseError(CUT_HEAD)
        self._h11.receive_data(b"")
        self._read_events()
        self.reusable = False
        if cut:
            raise ParseError(CUT_BODY)

    def _read_events(self) -> None:
        connection = self._h11
        try:
            while True:
                event = connection.next_event()
                if isinstance(event, h11.Data):
                    if event.chunk_end:  # unlike chunk_start, also if the header came alone
                        self._count_chunk()
                    self.pieces.append(bytes(event.data))
                elif isinstance(event, h11.Response):
                    self.status = event.status_code
                    self.reason = bytes(event.reason)
                    self.version = b"HTTP/" + bytes(event.http_version)
                    self.headers = event.headers.raw_items()
                    self.head_done = True
                elif isinstance(event, h11.EndOfMessage):
                    self.done = True
                    self.reusable = (
                        connection.their_state is h11.DONE and not connection.trailing_data[0]
                    )
                    return
                elif not isinstance(event, h11.InformationalResponse):
                    return
        except h11.RemoteProtocolError as error:
            raise ParseError(shorten(str(error), MAX_NAME)) from error
