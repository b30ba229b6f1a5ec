"""The response parser based on ``httptools``, which the extra ``fast`` installs."""

from __future__ import annotations

import httptools

from ecrclient._awsjson.transport.parser import (
    CUT_BODY,
    CUT_HEAD,
    ParseError,
    ResponseParser,
)

__all__ = ["HttptoolsParser"]

_FIRST_FINAL_STATUS = 200
_BODILESS = frozenset({204, 304})
_FRAMING_HEADERS = frozenset({b"content-length", b"transfer-encoding"})


class HttptoolsParser(ResponseParser):
    """Parses responses with ``httptools`` (llhttp, in C), which calls the ``on_`` methods."""

    def __init__(self) -> None:
        self._spent = True
        """The next request needs a new parser of httptools."""

    def _start(self, method: str) -> None:
        if self._spent:
            self._httptools = httptools.HttpResponseParser(self)
            self._spent = False
        self._is_head = method == "HEAD"
        self._until_eof = False
        self._starts_chunk = False

    def _feed(self, data: bytes) -> None:
        try:
            self._httptools.feed_data(data)
        except httptools.HttpParserUpgrade as error:
            raise ParseError("the server switched protocols without being asked") from error
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, ParseError):  # raised by on_body
                raise error.__context__ from None
            if not self.done:
                raise ParseError(str(error)) from error
            self.reusable = False  # the bytes after the response are not valid HTTP

    def feed_eof(self, *, cut: bool) -> None:
        if not self.head_done:
            raise ParseError(CUT_HEAD)
        if cut or not self._until_eof:
            raise ParseError(CUT_BODY)
        self.done = True

    # -- callbacks of httptools --------------------------------------------------------------------

    def on_message_begin(self) -> None:
        if self.done:
            self.reusable = False

    def on_status(self, reason: bytes) -> None:
        if not self.done:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.head_done:  # else it is a trailer, or part of another response
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        parser = self._httptools
        status = parser.get_status_code()
        if self.done or status < _FIRST_FINAL_STATUS:
            return
        self.status = status
        self.version = b"HTTP/1.1" if parser.get_http_version() == "1.1" else b"HTTP/1.0"
        self.head_done = True
        self._keep_alive = parser.should_keep_alive()
        if self._is_head or status in _BODILESS:
            # llhttp does not know the method and takes a length here for a body's.
            self._spent = True
            self._finish()
        elif not self._keep_alive:
            self._until_eof = not any(name.lower() in _FRAMING_HEADERS for name, _ in self.headers)

    def on_chunk_header(self) -> None:
        # Not counted here: this is also called for the last chunk, which is empty.
        self._starts_chunk = True

    def on_body(self, body: bytes) -> None:
        if self.done:
            self.reusable = False
        else:
            if self._starts_chunk:
                self._starts_chunk = False
                self._count_chunk()
            self.pieces.append(body)

    def on_message_complete(self) -> None:
        if self.head_done:
            if not self.done:
                self._finish()
        else:  # an informational response
            self.headers = []
            self.reason = b""

    def _finish(self) -> None:
        self.done = True
        self.reusable = self._keep_alive
