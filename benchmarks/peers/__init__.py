"""The clients that are compared. Each opens itself and offers the cases as calls without arguments.

A call returns the number of items in the response, or None if it does not read the response. The
number is compared with the case's, so that every peer does the same work.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from benchmarks.server import Target

__all__ = ["PEERS", "Calls", "Open", "Peer", "load"]

Calls = Mapping[str, Callable[[], Awaitable[int | None]]]
"""Each case by its name."""

Open = Callable[[Target, int], AbstractAsyncContextManager[Calls]]
"""Open a client with at most that many connections."""

KEY_ID = "AKIDEXAMPLE"
SECRET = "a secret that opens nothing"  # noqa: S105
REGION = "eu-west-1"


@dataclass(frozen=True)
class Peer:
    """A client that is compared."""

    name: str
    module: str
    function: str
    is_ours: bool = False
    """Whether it runs in this environment; the other peers have a separate one."""
    is_raw: bool = False
    """Whether it is an HTTP client, which does not sign requests or read responses."""
    is_over_httpx: bool = False
    """Whether it uses httpx's pool, whose time for a call grows with the number of active calls."""
    is_on_uvloop: bool = False
    """Whether its event loop is uvloop's. Such peers only make small calls."""


PEERS = {
    peer.name: peer
    for peer in (
        Peer("ecrclient", "ours", "default", is_ours=True),
        Peer("ecrclient[fast]", "ours", "fast", is_ours=True),
        Peer("ecrclient+httpx", "ours", "over_httpx", is_ours=True, is_over_httpx=True),
        Peer("aiobotocore", "aws", "aiobotocore"),
        Peer("aiobotocore+httpx", "aws", "aiobotocore_httpx", is_over_httpx=True),
        Peer("boto3", "aws", "boto3"),
        Peer("aiohttp", "raw", "aiohttp", is_raw=True),
        Peer("ecrclient[fast]+uvloop", "ours", "fast", is_ours=True, is_on_uvloop=True),
        Peer("aiohttp+uvloop", "raw", "aiohttp", is_raw=True, is_on_uvloop=True),
        Peer("httpx", "raw", "httpx", is_raw=True, is_over_httpx=True),
        Peer("httpx2", "raw", "httpx2", is_raw=True, is_over_httpx=True),
    )
}


def load(name: str) -> Open:
    """The function that opens a peer; only that peer is imported."""
    peer = PEERS[name]
    module: Any = importlib.import_module(f"benchmarks.peers.{peer.module}")
    opened: Open = getattr(module, peer.function)
    return opened
