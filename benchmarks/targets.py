"""The target ratios, and what was measured."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.figures import Figure, Key, Samples

__all__ = ["TARGETS", "Target"]

_OURS, _FAST, _UVLOOP = "ecrclient", "ecrclient[fast]", "ecrclient[fast]+uvloop"


@dataclass(frozen=True)
class Target:
    """A ratio that must not be exceeded."""

    title: str
    key: Key
    against: str
    limit: float

    def reached(self, samples: Samples) -> Figure | None:
        """The measured ratio; None if it was not measured."""
        return samples.ratio(self.key, self.against)

    def holds(self, reached: Figure) -> bool | None:
        """Whether the target is reached; None if the rounds disagree."""
        if reached.is_steady:
            return reached.median <= self.limit
        if reached.high <= self.limit:
            return True
        return False if reached.low > self.limit else None


def _cpu(title: str, case: str, concurrency: int, peer: str, against: str, limit: float) -> Target:
    return Target(f"CPU {title}", Key(case, concurrency, peer, "cpu"), against, limit)


def _start(title: str, case: str, metric: str, against: str, limit: float) -> Target:
    return Target(title, Key(case, 1, _OURS, metric), against, limit)


TARGETS = (
    _cpu("a tiny call, 32 at a time", "tiny", 32, _OURS, "aiobotocore", 0.42),
    _cpu("a tiny call, 32 at a time", "tiny", 32, _FAST, "aiobotocore", 0.28),
    _cpu("a tiny call, 128 at a time", "tiny", 128, _OURS, "aiobotocore", 0.38),
    _cpu("a tiny call, 128 at a time", "tiny", 128, _FAST, "aiobotocore", 0.25),
    _cpu("a tiny call, 32 at a time", "tiny", 32, _FAST, "aiohttp", 1.15),
    _cpu("a tiny call, 128 at a time", "tiny", 128, _FAST, "aiohttp", 1.15),
    _cpu("a tiny call, 32 at a time", "tiny", 32, _UVLOOP, "aiohttp+uvloop", 1.5),
    _cpu("a tiny call, 128 at a time", "tiny", 128, _UVLOOP, "aiohttp+uvloop", 1.5),
    _cpu("a page of 100 images", "images-100", 8, _FAST, "aiobotocore", 0.22),
    _cpu("a page of 1,000 images", "images-1000", 8, _FAST, "aiobotocore", 0.20),
    _cpu("a page of 100 repositories", "repositories-100", 8, _FAST, "aiobotocore", 0.18),
    _cpu("a page of 1,000 repositories", "repositories-1000", 8, _FAST, "aiobotocore", 0.22),
    _cpu("10,000 images collected", "collect", 1, _FAST, "aiobotocore", 0.12),
    _start("CPU to the first response", "cold start", "cpu", "aiobotocore", 0.42),
    _start("CPU to the first response", "cold start", "cpu", "boto3", 0.65),
    _start("memory after the first call", "memory", "rss-call", "aiobotocore", 0.62),
    _start("memory after the first call", "memory", "rss-call", "boto3", 0.75),
    _start("memory of 10,000 images", "memory", "rss-images", "aiobotocore", 0.6),
    _start("memory of 100 further clients", "memory", "rss-made", "boto3", 0.05),
    _start("longest gap, construction and first call", "loop gap", "gap", "aiobotocore", 0.2),
    Target(
        "p99 latency, 512 at a time, 20 ms server",
        Key("tiny, 20 ms", 512, _OURS, "p99"),
        "aiobotocore",
        0.6,
    ),
)
