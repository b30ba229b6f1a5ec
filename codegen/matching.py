"""Match the endpoints of the @lap spec to the operations of the model.

The spec does not name operations, so an endpoint is recognised by its members and its position: the
spec has the model's (alphabetical) order. An endpoint can be an operation if the operation has all
its members. Among the assignments that keep the order, the one with the fewest unexplained members
is taken, and it must be unique.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Match", "MatchError", "Signature", "match"]

_IMPOSSIBLE = 1 << 30


class MatchError(ValueError):
    """No assignment keeps the order, or several are equally good."""


@dataclass(frozen=True, slots=True)
class Signature:
    """The members of an endpoint or operation, each with the spelling of its type."""

    label: str
    """The name of the operation, or the position of the endpoint."""
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    required: frozenset[str]
    operation: str = ""
    """The name of the endpoint's operation, if the overlay has decided it."""

    def distance(self, operation: Signature) -> int:
        """The number of differences from *operation*; huge if this endpoint cannot be it."""
        if self.operation:
            return 0 if self.operation == operation.label else _IMPOSSIBLE
        if not (
            self.inputs.keys() <= operation.inputs.keys()
            and self.outputs.keys() <= operation.outputs.keys()
        ):
            return _IMPOSSIBLE
        return (
            len(operation.inputs.keys() - self.inputs.keys())
            + len(operation.outputs.keys() - self.outputs.keys())
            + sum(self.inputs[name] != operation.inputs[name] for name in self.inputs)
            + sum(self.outputs[name] != operation.outputs[name] for name in self.outputs)
            + len((self.required ^ operation.required) & self.inputs.keys())
        )


@dataclass(frozen=True, slots=True)
class Match:
    """The assignment, and the figures that prove that it is unique."""

    operations: tuple[str, ...]
    """The operation of each endpoint, in order."""
    distance: int
    runner_up: int | None
    """The distance of the next best assignment; None if no other keeps the order."""


@dataclass(frozen=True, slots=True)
class _Best:
    """The two smallest distances of the assignments of a tail, and the number of best ones."""

    distance: int
    ways: int
    second: int

    @classmethod
    def of(cls, first: _Best, other: _Best) -> _Best:
        distances = sorted(
            {first.distance, first.second, other.distance, other.second, _IMPOSSIBLE}
        )
        least = distances[0]
        ways = sum(best.ways for best in (first, other) if best.distance == least)
        return cls(least, ways, distances[1] if len(distances) > 1 else _IMPOSSIBLE)

    def after(self, step: int) -> _Best:
        distance, second = (min(d + step, _IMPOSSIBLE) for d in (self.distance, self.second))
        return _Best(distance, self.ways, second)


_NONE = _Best(_IMPOSSIBLE, 0, _IMPOSSIBLE)
_DONE = _Best(0, 1, _IMPOSSIBLE)


def match(endpoints: Sequence[Signature], operations: Sequence[Signature]) -> Match:
    """Find the operation of each endpoint.

    Args:
        endpoints: The spec's endpoints, in their order.
        operations: The model's operations, in the same order.

    Raises:
        MatchError: An endpoint fits no operation, or two assignments are equally good; the message
            lists the endpoints and their candidates.
    """
    distances = [
        [endpoint.distance(operation) for operation in operations] for endpoint in endpoints
    ]
    tails = _best_tails(distances, len(operations))
    best = tails[0][0]
    if best.distance >= _IMPOSSIBLE or best.ways != 1:
        raise MatchError(_explain(endpoints, operations, distances, tails))
    chosen = _choices(distances, tails)
    return Match(
        operations=tuple(operations[next(iter(choices))].label for choices in chosen),
        distance=best.distance,
        runner_up=None if best.second >= _IMPOSSIBLE else best.second,
    )


def _best_tails(distances: list[list[int]], width: int) -> list[list[_Best]]:
    """``tails[i][j]``: the best assignments of endpoints from *i* on to operations from *j* on."""
    tails = [[_NONE] * (width + 1) for _ in distances] + [[_DONE] * (width + 1)]
    for i in reversed(range(len(distances))):
        for j in reversed(range(width)):
            step = distances[i][j]
            taken = _NONE if step >= _IMPOSSIBLE else tails[i + 1][j + 1].after(step)
            tails[i][j] = _Best.of(taken, tails[i][j + 1])
    return tails


def _choices(distances: list[list[int]], tails: list[list[_Best]]) -> list[set[int]]:
    """For each endpoint, the operations that it has in the best assignments."""
    width = len(tails[0]) - 1
    starts = {0}
    chosen: list[set[int]] = []
    for i, row in enumerate(distances):
        choices = {
            j
            for start in starts
            for j in range(start, width)
            if row[j] < _IMPOSSIBLE
            and tails[i + 1][j + 1].ways
            and row[j] + tails[i + 1][j + 1].distance == tails[i][start].distance
        }
        chosen.append(choices)
        starts = {j + 1 for j in choices}
    return chosen


def _explain(
    endpoints: Sequence[Signature],
    operations: Sequence[Signature],
    distances: list[list[int]],
    tails: list[list[_Best]],
) -> str:
    if tails[0][0].distance >= _IMPOSSIBLE:
        lines = ["the endpoints cannot be matched to the model's operations in order:"]
        candidates = [{j for j, d in enumerate(row) if d < _IMPOSSIBLE} for row in distances]
    else:
        lines = [f"{tails[0][0].ways} assignments of endpoints to operations are equally good:"]
        candidates = [c if len(c) > 1 else set[int]() for c in _choices(distances, tails)]
    for endpoint, choices in zip(endpoints, candidates, strict=True):
        names = ", ".join(operations[j].label for j in sorted(choices)) or "none"
        if len(choices) != 1 and (choices or tails[0][0].distance >= _IMPOSSIBLE):
            members = ", ".join(endpoint.inputs) or "no members"
            lines.append(f"  {endpoint.label} ({members}): candidates {names}")
    lines.append("decide in the overlay: [[match]] names an operation, [[skip]] omits an endpoint")
    return "\n".join(lines)
