"""The scripts of tests/awsjson/calling, compared with botocore for the table.

Intended differences are listed in docs/retries.md and asserted in
tests/awsjson/calling/test_retry_deviations.py.
"""

from __future__ import annotations

import pytest

from tests.awsjson.calling import test_retry_as_botocore
from tests.awsjson.calling.conftest import open_stage, play
from tests.awsjson.calling.players import Play
from tests.awsjson.calling.script import Script
from tests.conformance.effort import FULL
from tests.conformance.tally import Reference
from tests.paths import path
from tests.virtual_time import anyio_backend

__all__ = ["anyio_backend", "open_stage", "path", "play"]

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not FULL, reason="the same runs in tests/awsjson/calling"),
]

RETRIES = Reference("botocore's retry handlers: scripts of responses")


@pytest.mark.parametrize("script", test_retry_as_botocore.SCRIPTS, ids=lambda script: script.name)
async def test_the_decisions_are_botocores(play: Play, script: Script) -> None:
    with RETRIES.case():
        await test_retry_as_botocore.test_the_decisions_are_botocores(play, script)
