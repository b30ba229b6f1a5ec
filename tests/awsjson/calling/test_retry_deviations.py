"""Where ecrclient deviates from botocore, and why: the table of ``docs/retries.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from tests.awsjson.calling.players import Play, play_to_botocore
from tests.awsjson.calling.script import (
    OK,
    START,
    Call,
    CallRecord,
    Failure,
    Response,
    Script,
    error,
)
from tests.paths import only_httpx
from tests.virtual_time import anyio_backend as anyio_backend

pytestmark = [pytest.mark.anyio, pytest.mark.generator]

Outcomes = list[tuple[str, int]]
"""The outcome and the number of attempts of each call."""


@dataclass(frozen=True)
class Deviation:
    name: str
    reason: str
    calls: Sequence[Call]
    botocore: Outcomes
    ours: Outcomes
    mode: Literal["standard", "adaptive"] = "standard"

    @property
    def script(self) -> Script:
        return Script(f"deviation: {self.name}", self.calls, mode=self.mode)


MINUTES = 60.0
SLOW_DOWN = error("ThrottlingException", takes=0.21)

DEVIATIONS = [
    Deviation(
        "LimitExceededException of an operation that models it",
        "It is the registry's quota of repositories, rules or tags, so a retry does not help.",
        [Call([error("LimitExceededException")], "create_repository")],
        botocore=[("LimitExceededException", 3)],
        ours=[("LimitExceededException", 1)],
    ),
    Deviation(
        "the code in the x-amzn-errortype header only",
        "The protocol allows it; botocore's JSON parser reads the body only.",
        [Call([Response(400, b"", {"x-amzn-errortype": "ThrottlingException"}), OK])],
        botocore=[("400", 1)],
        ours=[("ok", 2)],
    ),
    Deviation(
        "the code as the body's member code",
        "The protocol allows it; botocore's JSON parser reads __type only.",
        [Call([Response(400, b'{"code":"ThrottlingException"}'), OK])],
        botocore=[("400", 1)],
        ours=[("ok", 2)],
    ),
    Deviation(
        "a success that is not JSON",
        "It came from an intermediary. botocore returns an empty response.",
        [Call([Response(200, b"<html>"), OK]), Call([Response(200, b'{"imageIds":[')])],
        botocore=[("ok", 1), ("ok", 1)],
        ours=[("ok", 2), ("ResponseDecodeError", 3)],
    ),
    Deviation(
        "a success that is JSON but not an object",
        "As above; botocore's parser fails.",
        [Call([Response(200, b"[]"), OK])],
        botocore=[("AttributeError", 1)],
        ours=[("ok", 2)],
    ),
    Deviation(
        "an error with the status of a success",
        "Nothing was listed, so an empty list would be wrong. botocore returns an empty response.",
        [
            Call([error("ServerException", 200), OK]),
            Call([error("ServiceUnavailable", 200)]),
            Call([Response(200, b"", {"x-amzn-errortype": "ServerException"}), OK]),
        ],
        botocore=[("ok", 1), ("ok", 1), ("ok", 1)],
        ours=[("ok", 2), ("ServiceUnavailable", 3), ("ok", 2)],
    ),
    Deviation(
        "an error whose body is not an object",
        "The status alone shows that a retry may help. botocore's parser fails.",
        [Call([Response(500, b"[]"), OK]), Call([Response(503, b"\xff"), OK])],
        botocore=[("AttributeError", 1), ("UnicodeDecodeError", 1)],
        ours=[("ok", 2), ("ok", 2)],
    ),
    Deviation(
        "the clock is wrong, and the error says so",
        "The Date of the response corrects the clock: retried immediately, at no cost.",
        [
            Call([error("RequestTimeTooSkewed", 403, ahead=20 * MINUTES), OK]),
            Call([error("RequestExpired", ahead=-20 * MINUTES), OK]),
        ],
        botocore=[("RequestTimeTooSkewed", 1), ("RequestExpired", 1)],
        ours=[("ok", 2), ("ok", 2)],
    ),
    Deviation(
        "the signature is wrong because the clock is",
        "ECR returns InvalidSignatureException if the time is wrong, which the Date shows.",
        [
            Call([error("InvalidSignatureException", 403, ahead=20 * MINUTES), OK]),
            Call([error("SignatureDoesNotMatch", 403, ahead=40 * MINUTES), OK]),
        ],
        botocore=[("InvalidSignatureException", 1), ("SignatureDoesNotMatch", 1)],
        ours=[("ok", 2), ("ok", 2)],
    ),
]

NO_FREE_CONNECTION = Deviation(
    "no connection became free",
    "All connections of this client are in use, and queueing again makes it worse.",
    [Call([Failure("pool timeout"), OK])],
    botocore=[("ok", 2)],
    ours=[("no response", 1)],
)


@pytest.mark.parametrize("deviation", DEVIATIONS, ids=lambda deviation: deviation.name)
async def test_both_sides_of_a_deviation(play: Play, deviation: Deviation) -> None:
    await _both_sides(deviation, play)


@only_httpx  # a server cannot cause it
async def test_both_sides_where_no_connection_became_free(play: Play) -> None:
    await _both_sides(NO_FREE_CONNECTION, play)


async def _both_sides(deviation: Deviation, play: Play) -> None:
    assert deviation.reason
    assert deviation.ours != deviation.botocore
    assert _outcomes(play_to_botocore(deviation.script)) == deviation.botocore
    assert _outcomes(await play(deviation.script)) == deviation.ours


def _outcomes(records: Sequence[CallRecord]) -> Outcomes:
    return [(record.outcome, len(record.sent)) for record in records]


# The following deviations change the times or the headers of attempts, not their number.


async def test_operations_do_not_slow_each_other_down(play: Play) -> None:
    """ECR limits each API operation separately; botocore has one limiter for a whole client."""
    script = Script(
        "one operation is throttled, another is not",
        [*[Call([SLOW_DOWN, OK])] * 4, *[Call([OK], "get_authorization_token")] * 4],
        mode="adaptive",
    )
    theirs, ours = play_to_botocore(script), await play(script)

    assert [record.sent[-1] for record in ours[:4]] == pytest.approx(
        [record.sent[-1] for record in theirs[:4]], abs=1e-4
    )
    assert theirs[-1].sent[0] - theirs[4].sent[0] > 1
    assert ours[-1].sent[0] == ours[4].sent[0]


async def test_the_time_to_live_begins_when_the_attempt_is_sent(play: Play) -> None:
    """botocore adds the timeout to the last response's Date. It omits its delay, so that after a
    delay as long as the timeout the request has expired before it is sent."""
    script = Script(
        "ttl",
        [
            Call([error("SlowDown", ahead=5 * MINUTES, takes=2)] * 5),
            Call([error("SlowDown"), Failure("closed")]),
        ],
        max_attempts=5,
    )
    theirs, ours = play_to_botocore(script), await play(script)
    minute = timedelta(seconds=60)  # both clients' timeout

    for call, ahead, takes in ((0, 5 * MINUTES, 2), (1, 0, 0)):
        sent = ours[call].sent
        assert theirs[call].sent == pytest.approx(sent, abs=1e-4)
        for attempt in range(1, len(sent)):
            their, our = (_ttl(records[call], attempt) for records in (theirs, ours))
            # In the second call only the first response has a Date.
            dated = sent[attempt - 1 if call == 0 else 0] + takes
            assert their - minute == _whole(START + timedelta(seconds=dated + ahead))
            late = our - minute - (START + timedelta(seconds=sent[attempt] + ahead))
            # The Date has no fractions of a second.
            assert timedelta(seconds=-2) < late <= timedelta(0)


def _whole(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def _ttl(record: CallRecord, attempt: int) -> datetime:
    text: Any = record.sdk_requests()[attempt]["ttl"]
    return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


async def test_an_attempt_is_signed_after_the_wait_of_adaptive_mode(play: Play) -> None:
    """botocore signs before the wait, so its signature is older."""
    script = Script("signed late", [Call([SLOW_DOWN, OK])] * 3, mode="adaptive")
    theirs, ours = play_to_botocore(script), await play(script)

    for our, their in zip(ours, theirs, strict=True):
        assert our.sent == pytest.approx(their.sent, abs=1e-4)
        assert [sent["x-amz-date"] for sent in our.headers] == [
            f"{START + timedelta(seconds=sent):%Y%m%dT%H%M%SZ}" for sent in our.sent
        ]
    assert theirs[-1].headers[0]["x-amz-date"] < ours[-1].headers[0]["x-amz-date"]
