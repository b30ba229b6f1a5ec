"""Extract tar archives in tests."""

from __future__ import annotations

import tarfile
from typing import Any

__all__ = ["DATA_ONLY"]

DATA_ONLY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""Keyword arguments of `extract` and `extractall`: the filter is new in Python 3.11.4."""
