"""The calls that an in-memory ECR has received."""

from __future__ import annotations

from collections import Counter

from ecrclient.testing import InMemoryECR

__all__ = ["WRITES", "Calls"]

WRITES = {
    "InitiateLayerUpload",
    "UploadLayerPart",
    "CompleteLayerUpload",
    "PutImage",
    "CreateRepository",
}


class Calls:
    """Counts the calls that an ECR has received since the last look."""

    def __init__(self, ecr: InMemoryECR) -> None:
        self._ecr = ecr
        self._seen = len(ecr.calls)

    def new(self) -> Counter[str]:
        calls = list(self._ecr.calls)
        counts = Counter(str(call.operation) for call in calls[self._seen :])
        self._seen = len(calls)
        return counts
