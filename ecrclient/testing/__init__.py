"""An Amazon ECR in memory, for the tests of code that uses ECR.

::

    from ecrclient.testing import InMemoryECR

    async def test_it() -> None:
        ecr = InMemoryECR()
        async with ecr.client() as client:
            await client.create_repository(repository_name="team/app")

It answers in the process, without sockets, on asyncio and on trio, and follows the rules that ECR
documents: what it refuses, ECR refuses, with the same error code. Scans, previews of lifecycle
policies and replications go through their states by the clock; what they come to, a test says::

        ecr.scans.set_findings("team/app", "v1", [ImageScanFinding(...)])
        ecr.lifecycle.apply()
        ecr.replication.fail("ACCESS_DENIED", region="eu-west-1")

An operation that it does not
know yet is refused with the code ``NotImplementedInMemory``; nothing is made up.
"""

from __future__ import annotations

from .controls import LifecycleControls, ReplicationControls, ScanControls
from .server import InMemoryECR
from .store import Clock

__all__ = ["Clock", "InMemoryECR", "LifecycleControls", "ReplicationControls", "ScanControls"]
