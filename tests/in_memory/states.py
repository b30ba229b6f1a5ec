"""Helpers for tests of saved states: fill a registry, save it and read it."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from ecrclient import ECRClient
from ecrclient.testing import InMemoryECR
from ecrclient.testing.state import parse
from ecrclient.testing.store import Registry, utc_now
from tests.in_memory.builders import index_of
from tests.in_memory.refused_lifecycle_policies import lifecycle_rule
from tests.in_memory.refused_policies import STATEMENT

__all__ = ["LIFECYCLE_POLICY", "REGISTRY_POLICY", "REPOSITORY_POLICY", "fill", "read", "text_of"]

REPOSITORY_POLICY = json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT]})
REGISTRY_POLICY = json.dumps({"Statement": STATEMENT | {"Resource": "*"}})
LIFECYCLE_POLICY = json.dumps({"rules": [lifecycle_rule()]})


def text_of(ecr: InMemoryECR) -> str:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "state.json"
        ecr.save(file)
        return file.read_text(encoding="utf-8")


def read(text: str) -> Registry:
    return parse(text, utc_now)


async def fill(client: ECRClient) -> None:
    await client.create_repository(
        repository_name="team/app", tags=[{"key": "env", "value": "prod"}]
    )
    image = index_of([])
    await client.put_image(repository_name="team/app", image_manifest=image, image_tag="one")
    await client.put_image(
        repository_name="team/app", image_manifest=index_of([image]), image_tag="all"
    )
    await client.create_pull_through_cache_rule(
        ecr_repository_prefix="quay", upstream_registry_url="quay.io"
    )
    await client.put_account_setting(name="BLOB_MOUNTING", value="ENABLED")
