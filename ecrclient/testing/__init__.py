"""An Amazon ECR in memory, for the tests of code that uses ECR.

::

    from ecrclient.testing import InMemoryECR

    async def test_it() -> None:
        ecr = InMemoryECR()
        async with ecr.client() as client:
            await client.create_repository(repository_name="team/app")

A manifest is refused as long as layers of it are missing. A test that is not about pushes need not
upload them: ``ecr.add_image("team/app", [b"any bytes"], tags=["v1"])`` puts an image there that can
be pulled, and ``ecr.add_layer("team/app", b"any bytes")`` a layer that a manifest may name. What
``GetDownloadUrlForLayer`` answers works with ``httpx.AsyncClient(transport=ecr.transport())``.

It answers in the process, without sockets, on asyncio and on trio, and follows the rules that ECR
documents: what it refuses, ECR refuses, with the same error code. Scans, previews of lifecycle
policies and replications go through their states by the clock; what they come to, a test says::

        ecr.scans.set_findings("team/app", "v1", [ImageScanFinding(...)])
        ecr.lifecycle.apply()
        ecr.replication.fail("ACCESS_DENIED", region="eu-west-1")
"""

from __future__ import annotations

from .controls import LifecycleControls, ReplicationControls, ScanControls
from .server import InMemoryECR
from .store import Clock

__all__ = ["Clock", "InMemoryECR", "LifecycleControls", "ReplicationControls", "ScanControls"]
