"""Pages of results, and the tokens that continue them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from ..errors import invalid_parameter

__all__ = ["Pages", "PagingRequest", "refuse_paging"]

T = TypeVar("T")

_DEFAULT_SIZE = 100
_MAC_SIZE = hashlib.sha256().digest_size


class PagingRequest(Protocol):
    """A request model with the paging members."""

    @property
    def next_token(self) -> str | None:
        """The token of the page to return."""
        ...

    @property
    def max_results(self) -> int | None:
        """The maximum number of items in a page."""
        ...

    def model_dump_json(self, *, exclude: set[str], exclude_none: bool, exclude_unset: bool) -> str:
        """Return the request as text."""
        ...


class Pages:
    """Divide lists into pages.

    A token contains the key of the last returned item, so items that are added or removed between
    two calls do not shift the following pages. A message authentication code binds it to its
    request: a forged token, or one used with a parameter other than ``maxResults`` changed, is
    refused.
    """

    def __init__(self) -> None:
        self._secret = secrets.token_bytes()

    def cut(
        self,
        request: PagingRequest,
        items: Iterable[T],
        key: Callable[[T], str],
        default_size: int = _DEFAULT_SIZE,
    ) -> tuple[list[T], str | None]:
        """Return one page of *items* in the order of their keys, and the token of the next page.

        Args:
            request: The request, to which the token is bound.
            items: All items that match the request, in any order.
            key: Returns the unique key of an item.
            default_size: The page size if the request does not set one.

        Raises:
            InvalidParameterException: The token does not belong to this request.
        """
        after = self._position(request, request.next_token)
        rest = sorted((item for item in items if after is None or key(item) > after), key=key)
        size = request.max_results or default_size
        page = rest[:size]
        more = len(rest) > size
        return page, self._token(request, key(page[-1])) if more else None

    def _token(self, request: PagingRequest, position: str) -> str:
        sealed = self._seal(request, position) + position.encode()
        return base64.urlsafe_b64encode(sealed).decode("ascii")

    def _position(self, request: PagingRequest, token: str | None) -> str | None:
        if token is None:
            return None
        try:
            sealed = base64.urlsafe_b64decode(token)
            position = sealed[_MAC_SIZE:].decode()
        except (binascii.Error, ValueError):
            raise _foreign_token() from None
        if not hmac.compare_digest(sealed[:_MAC_SIZE], self._seal(request, position)):
            raise _foreign_token()
        return position

    def _seal(self, request: PagingRequest, position: str) -> bytes:
        query = request.model_dump_json(
            exclude={"next_token", "max_results"}, exclude_none=True, exclude_unset=True
        )
        sealed = "\n".join((type(request).__name__, query, position))
        return hmac.digest(self._secret, sealed.encode(), "sha256")


def refuse_paging(request: PagingRequest, instead: str) -> None:
    """Refuse paging members in a request that names its items.

    Raises:
        InvalidParameterException: The request has a token or a page size.
    """
    for name, value in (("nextToken", request.next_token), ("maxResults", request.max_results)):
        if value is not None:
            raise invalid_parameter(name, f"cannot be used together with {instead}")


def _foreign_token() -> Exception:
    return invalid_parameter("nextToken", "is not a token of this request")
