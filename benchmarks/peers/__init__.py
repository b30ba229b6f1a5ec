"""The clients that are compared. Each opens itself and offers the cases as calls without arguments.

A call gives the number of things that it found in the answer (None: it has not looked), which is
compared with what the case says, so that no peer is fast by not doing its work.
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
"""Open a client with that many connections at the most."""

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
    """It runs in our environment; the others have one of their own."""
    is_raw: bool = False
    """It is an HTTP client: it signs nothing and does not look into answers."""
    is_over_httpx: bool = False
    """Its connections are in httpx's pool, whose time for a call grows with the calls under way."""


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
        Peer("httpx", "raw", "httpx", is_raw=True, is_over_httpx=True),
        Peer("httpx2", "raw", "httpx2", is_raw=True, is_over_httpx=True),
    )
}


def load(name: str) -> Open:
    """What opens a peer; nothing but that peer is imported."""
    peer = PEERS[name]
    module: Any = importlib.import_module(f"benchmarks.peers.{peer.module}")
    opened: Open = getattr(module, peer.function)
    return opened
