"""Everything here runs on virtual time."""

from __future__ import annotations

from tests.virtual_time import anyio_backend as anyio_backend
