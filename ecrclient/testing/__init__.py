"""An Amazon ECR in memory, for the tests of code that uses ECR.

::

    from ecrclient.testing import InMemoryECR

    async def test_it() -> None:
        ecr = InMemoryECR()
        async with ecr.client() as client:
            await client.create_repository(repository_name="team/app")
        assert ecr.calls.operations == ["CreateRepository"]

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

- ``ecr.clock`` is the time of the service, which a test moves: ``ecr.clock.advance(days=31)``.
- ``ecr.deny("ecr:DeleteRepository")`` makes calls fail with ``AccessDeniedException``, and so does
  a repository policy with the effect ``Deny``.
- ``ecr.faults`` has things go wrong: latency, throttling, errors, broken connections, expired
  credentials, a wrong clock.
- ``ecr.calls`` tells what was asked.
- ``ecr.serve()``, or ``python -m ecrclient.testing``, answers over HTTP, for boto3, the AWS CLI and
  any SDK; it needs the extra ``testing``.
- ``ecr.save(path)`` and ``InMemoryECR.load(path)`` keep the state in a file; with
  ``InMemoryECR(layers_dir=...)`` the bytes of layers are in files of their own.
- :class:`StubTransport` has no rules: it gives the answers that a test has prepared.
- ``ecrclient.testing.pytest`` has fixtures.
"""

from __future__ import annotations

from .calls import Call, Calls
from .clock import Clock, MovableClock
from .controls import LifecycleControls, ReplicationControls, ScanControls
from .fault_kinds import Fault
from .faults import Faults
from .in_memory_ecr import InMemoryECR
from .permissions import Denial
from .running_server import ServedECR
from .state import StateError
from .stub import StubTransport

__all__ = [
    "Call",
    "Calls",
    "Clock",
    "Denial",
    "Fault",
    "Faults",
    "InMemoryECR",
    "LifecycleControls",
    "MovableClock",
    "ReplicationControls",
    "ScanControls",
    "ServedECR",
    "StateError",
    "StubTransport",
]
