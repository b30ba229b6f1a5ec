"""The decisions that people record in the overlay, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BaseDecision",
    "BatchDecision",
    "ConversionDecision",
    "HandleDecision",
    "MatchDecision",
    "PageSizeDecision",
    "Reason",
    "Requiredness",
    "WaiterDecision",
]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is so that no source states."""

    why: str


@dataclass(frozen=True, slots=True)
class Requiredness:
    """Whether a request must contain a member on which the sources disagree."""

    required: bool
    why: str


@dataclass(frozen=True, slots=True)
class MatchDecision:
    """The operation of an endpoint."""

    operation: str
    why: str


@dataclass(frozen=True, slots=True)
class BatchDecision:
    """The list of ids in a request, and the members of the response that report on them."""

    method: str
    member: str
    limit: int
    concurrency: int
    result: str
    failures: str
    why: str


@dataclass(frozen=True, slots=True)
class PageSizeDecision:
    """The documented page sizes of an operation."""

    largest: int
    """The largest page that the service accepts, in items."""
    resizable: bool
    """Whether the pages of one iteration may have different sizes."""
    why: str


@dataclass(frozen=True, slots=True)
class ConversionDecision:
    """An attribute of a structure that is another structure, in whose place it is accepted."""

    to: str
    """The other structure."""
    member: str
    """The other structure's only member that the conversion sets."""
    value: str
    """The structure's member that it is set to."""
    doc: str
    why: str


@dataclass(frozen=True, slots=True)
class HandleDecision:
    """A class that fills in the members that identify one resource."""

    method: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    doc: str
    why: str


@dataclass(frozen=True, slots=True)
class BaseDecision:
    """The hand-written class that a generated one inherits from."""

    module: str
    name: str
    why: str


@dataclass(frozen=True, slots=True)
class WaiterDecision:
    """The statuses that end a wait, and the errors that do not."""

    path: str
    success: tuple[str, ...]
    failure: tuple[str, ...]
    pending: tuple[str, ...]
    retry_errors: tuple[str, ...]
    why: str
