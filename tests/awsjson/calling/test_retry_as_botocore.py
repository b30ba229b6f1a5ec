"""Attempts, delays, headers and outcomes are botocore's for the same script."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from tests.awsjson.calling.players import Play, play_to_botocore
from tests.awsjson.calling.script import OK, Call, Failure, FailureKind, Response, Script, error
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = [pytest.mark.anyio, pytest.mark.generator]

_THROTTLING_CODES: list[str] = importlib.import_module(
    "botocore.retries.standard"
).ThrottledRetryableChecker._THROTTLED_ERROR_CODES
_TRANSIENT_CODES = ["RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete"]
_FAILURES: list[FailureKind] = [
    "refused",
    "connect timeout",
    "read timeout",
    "closed",
    "tls",
    "proxy",
    "other",
]
_RETRY_AFTERS = ["0", "7", "1500", "60000", "-1", "1.5", "soon", "", "9" * 400, "9" * 5000, " 40 "]

FAULT = error("ServerException", 500)
SLOW_DOWN = error("ThrottlingException")


def one(name: str, *steps: Response | Failure, **more: Any) -> Script:
    """A script of a single call."""
    return Script(name, [Call(steps)], **more)


def many(name: str, times: int, *calls: Call, **more: Any) -> Script:
    """A script that repeats its calls."""
    return Script(name, calls * times, **more)


HTML = b"<html>unavailable</html>"

SCRIPTS = [
    one("a success", OK),
    *(one(f"{status}, then a success", Response(status), OK) for status in (500, 502, 503, 504)),
    *(one(f"{status} in HTML", Response(status, HTML), OK) for status in (400, 404, 429, 500, 503)),
    *(one(f"{status} is final", Response(status), OK) for status in (301, 400, 403, 404, 501, 505)),
    one("500 to the end", FAULT),
    one("500, then a final error", FAULT, error("RepositoryNotFoundException")),
    one("a modelled error", error("RepositoryNotFoundException"), OK),
    one("an unknown error", error("AccessDeniedException", 403), OK),
    one("a fault by name with another status", error("ServerException", 400), OK),
    *(one(f"{code}, then a success", error(code), OK) for code in _TRANSIENT_CODES),
    *(one(f"{code} twice", error(code), error(code), OK) for code in _THROTTLING_CODES),
    one("a code with its namespace and URI", error("a.b#SlowDown:http://c/d"), OK),
    one("429 without a code", Response(429), OK),
    one("429 with an unknown code", error("Odd", 429), OK),
    one("429 with a modelled code", error("InvalidParameterException", 429), OK),
    one(
        "429 with another operation's modelled code",
        error("LayerAlreadyExistsException", 429),
        OK,
    ),
    one("503 with a throttling code", error("SlowDown", 503), OK),
    one("throttled, then broken, then fine", SLOW_DOWN, FAULT, OK),
    one("broken, then throttled, then fine", FAULT, SLOW_DOWN, OK),
    *(one(f"{kind}, then a success", Failure(kind), OK) for kind in _FAILURES),
    *(one(f"{kind} to the end", Failure(kind)) for kind in _FAILURES),
    one("a broken connection, then throttled", Failure("closed"), SLOW_DOWN, OK),
    one("throttled, then a broken connection", SLOW_DOWN, Failure("closed"), OK),
    *(
        one(
            f"x-amz-retry-after {value[:5]!r} ({len(value)} long) on {failed.status}",
            Response(failed.status, failed.content, {"x-amz-retry-after": value}),
            OK,
        )
        for value in _RETRY_AFTERS
        for failed in (FAULT, SLOW_DOWN)
    ),
    one("HTTP's own Retry-After", Response(503, headers={"Retry-After": "7"}), OK),
    one("no Date", Response(500, ahead=None), OK),
    one("an invalid Date", Response(500, ahead=None, headers={"Date": "soon"}), OK),
    one("a Date on the first failure only", FAULT, Failure("closed"), OK),
    one("no retries", FAULT, max_attempts=1),
    one("one retry", FAULT, max_attempts=2),
    one("nine retries", FAULT, max_attempts=10),
    one("throttled up to the longest wait", SLOW_DOWN, max_attempts=10),
    one("slow responses", Response(500, takes=3), Response(500, takes=2), Response(takes=1)),
    many("the quota runs out", 30, Call([FAULT])),
    many("the quota runs out by throttling", 60, Call([SLOW_DOWN])),
    many("the quota runs out by broken connections", 30, Call([Failure("refused")])),
    many("the quota is enough for a throttled retry only", 45, Call([FAULT, SLOW_DOWN])),
    Script(
        "successes fill the quota again, one by one",
        [*[Call([FAULT])] * 18, *[Call([OK])] * 5, Call([FAULT, OK]), *[Call([FAULT])] * 2],
    ),
    Script(
        "a final error does not refund the quota",
        [*[Call([FAULT])] * 18, *[Call([error("AccessDenied", 403)])] * 20, Call([FAULT, OK])],
    ),
    many("a retried success refunds its last retry only", 20, Call([FAULT, FAULT, OK])),
    many("a retried success refunds the cost of the last retry", 60, Call([FAULT, SLOW_DOWN, OK])),
    many("failures and successes by turns", 40, Call([FAULT]), Call([FAULT, OK]), Call([OK])),
    one("adaptive: a success", OK, mode="adaptive"),
    one("adaptive: throttled once", SLOW_DOWN, OK, mode="adaptive"),
    many("adaptive: never throttled", 20, Call([Response(takes=0.0973)]), mode="adaptive"),
    Script(
        "adaptive: throttled at a steady rate, then not throttled",
        [
            *[Call([Response(takes=0.0973)])] * 30,
            *[Call([Response(400, SLOW_DOWN.content, takes=0.0973), Response(takes=0.0973)])] * 3,
            *[Call([Response(takes=0.0973)])] * 60,
        ],
        mode="adaptive",
    ),
    many(
        "adaptive: every fifth call is throttled",
        12,
        *[Call([Response(takes=0.0517)])] * 4,
        Call([Response(400, SLOW_DOWN.content, takes=0.0517), Response(takes=0.0517)]),
        mode="adaptive",
    ),
    many(
        "adaptive: connection errors and faults do not count as throttled",
        8,
        Call(
            [Response(400, SLOW_DOWN.content, takes=0.193), Failure("closed", takes=0.311), FAULT]
        ),
        Call([Response(takes=0.0973)]),
        mode="adaptive",
    ),
    Script(
        "adaptive: the bucket fills while the client is idle",
        [
            *[Call([Response(takes=0.0517)])] * 20,
            *[Call([SLOW_DOWN, OK])] * 2,
            Call([OK], after=40),
            *[Call([OK])] * 15,
        ],
        mode="adaptive",
    ),
    Script(
        "adaptive: 429 without a code",
        [*[Call([Response(takes=0.0973)])] * 12, *[Call([Response(429), OK])] * 6],
        mode="adaptive",
    ),
]


def test_the_names_of_the_scripts_are_unique() -> None:
    assert len({script.name for script in SCRIPTS}) == len(SCRIPTS) >= 30


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_the_decisions_are_botocores(play: Play, script: Script) -> None:
    theirs = play_to_botocore(script)
    ours = await play(script)

    assert [record.outcome for record in ours] == [record.outcome for record in theirs]
    assert [len(record.sent) for record in ours] == [len(record.sent) for record in theirs]
    for our, their in zip(ours, theirs, strict=True):
        assert our.sent == pytest.approx(their.sent, abs=1e-4)
        assert [_without_value_of_ttl(sent) for sent in our.sdk_requests()] == [
            _without_value_of_ttl(sent) for sent in their.sdk_requests()
        ]
        assert len({sent["amz-sdk-invocation-id"] for sent in our.headers}) == 1


def _without_value_of_ttl(sent: dict[str, str]) -> dict[str, str]:
    """The value of ttl differs for the reason in ``test_retry_deviations``."""
    return {**sent, "ttl": "some"} if "ttl" in sent else sent
