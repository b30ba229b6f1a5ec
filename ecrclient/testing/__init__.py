"""An in-memory Amazon ECR, for testing code that uses ECR.

::

    from ecrclient.testing import InMemoryECR

    async def test_it() -> None:
        ecr = InMemoryECR()
        async with ecr.client() as client:
            await client.create_repository(repository_name="team/app")
        assert ecr.calls.operations == ["CreateRepository"]

A manifest is refused while any of its layers is missing. A test that is not about pushes does not
need to upload layers: ``ecr.add_image("team/app", [b"any bytes"], tags=["v1"])`` stores an image
that can be pulled, and ``ecr.add_layer("team/app", b"any bytes")`` stores a layer that a manifest
can reference. ``httpx.AsyncClient(transport=ecr.transport())`` can download from the URLs that
``GetDownloadUrlForLayer`` returns.

The in-memory ECR runs in the process, without sockets, on asyncio and on trio. It follows the rules
that ECR documents: a request that it refuses is refused by ECR, with the same error code. Scans,
lifecycle policy previews and replications change their states as the clock advances; the test sets
their outcomes::

        ecr.scans.set_findings("team/app", "v1", [ImageScanFinding(...)])
        ecr.lifecycle.apply()
        ecr.replication.fail("ACCESS_DENIED", region="eu-west-1")

- ``ecr.clock`` is the service's clock, which a test can move: ``ecr.clock.advance(days=31)``.
- ``ecr.deny("ecr:DeleteRepository")`` makes calls fail with ``AccessDeniedException``, as does a
  repository policy statement with the effect ``Deny``.
- ``ecr.faults`` injects latency, throttling, errors, broken connections, expired credentials and
  clock skew.
- ``ecr.calls`` records the requests.
- ``ecr.serve()`` and ``python -m ecrclient.testing`` serve over HTTP, for boto3, the AWS CLI and
  any SDK, and for docker, skopeo, crane and oras, which use the registry's ``/v2/`` API; they need
  the extra ``testing``. ``ecr.registry_behavior`` sets how the ``/v2/`` API behaves.
- ``ecr.save(path)`` and ``InMemoryECR.load(path)`` store the state in a file; with
  ``InMemoryECR(layers_dir=...)`` each layer is stored in a separate file.
- `StubTransport` has no rules: it returns the responses that a test has prepared.
- ``ecrclient.testing.pytest`` provides pytest fixtures.
"""

from __future__ import annotations

from .calls import Call, Calls
from .clock import Clock, MovableClock
from .controls import LifecycleControls, ReplicationControls, ScanControls
from .fault_kinds import Fault
from .faults import Faults
from .in_memory_ecr import InMemoryECR
from .permissions import Denial
from .registry_behavior import RegistryBehavior
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
    "RegistryBehavior",
    "ReplicationControls",
    "ScanControls",
    "ServedECR",
    "StateError",
    "StubTransport",
]
