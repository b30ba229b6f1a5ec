"""The cases: each follows from a seed and a number."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.torture import bodies, encodings, framing, heads
from tests.torture.reply import VALID, Draw, Make, Reply, dumped, sized

FAMILIES: dict[str, tuple[int, Sequence[Make]]] = {
    "encodings": (12, encodings.MAKES),
    "chunks": (13, framing.CHUNKS),
    "ends": (10, framing.ENDS),
    "status lines": (10, heads.LINE_MAKES),
    "fields": (15, heads.FIELD_MAKES),
    "JSON shapes": (22, bodies.SHAPES),
    "JSON sizes": (6, bodies.BIG),
    "errors": (12, bodies.ERRORS),
}
"""Each family: its share of the cases, in percent, and the function that makes its responses."""

PREFIX = "case/"
GOOD = "good"
"""The repository's name chooses the response: a case's, or a good one."""

CALLS: list[tuple[str, dict[str, Any]]] = [
    ("list_images", {}),
    ("describe_images", {}),
    ("describe_image_scan_findings", {"image_id": {"image_tag": "v1"}}),
    ("batch_get_image", {"image_ids": [{"image_tag": "v1"}]}),
    ("create_repository", {}),
    ("get_lifecycle_policy", {}),
]


@dataclass(frozen=True)
class Case:
    """How one call is made; the server makes the response."""

    number: int
    family: str
    backend: str
    parser: str
    tls: bool
    middleware: bool
    method: str
    arguments: dict[str, Any]


def case_of(seed: int, number: int) -> Case:
    """The call of a case."""
    family = _family(seed, number)
    draw = random.Random(f"call {seed} {number}")
    method, arguments = draw.choice(CALLS)
    return Case(
        number=number,
        family=family,
        backend=("asyncio", "trio")[number % 2],
        parser=("h11", "httptools")[number // 2 % 2],
        tls=draw.random() < 0.25,
        middleware=draw.random() < 0.25,
        method=method,
        arguments=arguments,
    )


def _family(seed: int, number: int) -> str:
    weights = [weight for weight, _ in FAMILIES.values()]
    return random.Random(f"family {seed} {number}").choices(list(FAMILIES), weights)[0]


def reply_of(seed: int, number: int, max_bytes: int) -> Reply:
    """The response of a case."""
    draw = Draw(random.Random(f"reply {seed} {number}"), max_bytes)
    return draw.random.choice(FAMILIES[_family(seed, number)][1])(draw)


def good_reply() -> Reply:
    """A response that the client must accept."""
    return sized("good", dumped({"imageIds": VALID["imageIds"]}))
