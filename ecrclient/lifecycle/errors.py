"""The error of lifecycle policies."""

from __future__ import annotations

from collections.abc import Sequence

from ecrclient.errors import ECRClientError

__all__ = ["LifecyclePolicyError", "check_type"]


class LifecyclePolicyError(ECRClientError, ValueError):
    """A lifecycle policy that ECR would refuse, or an argument that no policy can have."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        """The reasons, each with the number of its rule."""
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(self.problems)


def check_type(value: object, kind: type, problem: str) -> None:
    """Check that an argument is of a type.

    Raises:
        LifecyclePolicyError: It is not.
    """
    if not isinstance(value, kind):
        raise LifecyclePolicyError([f"{problem}, not an object of type {type(value).__name__}"])
