"""Skip a test with older versions of anyio, whose own defects it would report."""

from __future__ import annotations

from importlib.metadata import version

import pytest

__all__ = ["skip_before_anyio"]


def skip_before_anyio(fixed_in: str, defect: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test if the installed anyio is older than *fixed_in*."""
    return pytest.mark.skipif(
        _numbers(version("anyio")) < _numbers(fixed_in),
        reason=f"anyio before {fixed_in} {defect}",
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])
