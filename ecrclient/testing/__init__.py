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
documents: what it refuses, ECR refuses, with the same error code. An operation that it does not
know yet is refused with the code ``NotImplementedInMemory``; nothing is made up.
"""

from __future__ import annotations

from .server import InMemoryECR
from .store import Clock

__all__ = ["Clock", "InMemoryECR"]
