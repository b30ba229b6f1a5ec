"""The depth of a call: the package's frames between a paginator's iteration and the socket."""

from __future__ import annotations

import asyncio

from benchmarks.frames import count_frames

MAX_FRAMES = 13


def test_a_call_has_at_most_13_frames() -> None:
    frames = asyncio.run(count_frames()).frames
    assert frames[-1].startswith("_awsjson/transport/"), "the frame that writes to the socket"
    assert len(frames) <= MAX_FRAMES, "\n".join(frames)
