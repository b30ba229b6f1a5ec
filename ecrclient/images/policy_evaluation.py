"""The evaluation of a lifecycle policy for a repository: read, evaluate, compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from anyio import to_thread

from ecrclient._awsjson.protocol.argument_checks import check_argument, check_seconds
from ecrclient.images.calls import RepositoryCalls
from ecrclient.images.concurrency import run_all
from ecrclient.images.manifests import ImageIndex
from ecrclient.images.repository import RepositoryStore
from ecrclient.images.stores import TransferContext
from ecrclient.lifecycle import LifecyclePolicy, LifecyclePreview, ServiceComparison
from ecrclient.lifecycle.comparison import compare_results
from ecrclient.lifecycle.image_facts import LifecycleImage, read_images
from ecrclient.lifecycle.preview import checked_now
from ecrclient.operations import (
    DESCRIBE_IMAGES,
    GET_LIFECYCLE_POLICY,
    GET_LIFECYCLE_POLICY_PREVIEW,
    START_LIFECYCLE_POLICY_PREVIEW,
)
from ecrclient.waiters import LIFECYCLE_POLICY_PREVIEW_COMPLETE

__all__ = ["PolicyEvaluation"]

_POLICY = "a LifecyclePolicy, or the text of one"
_FLAG = "True or False"
_IMAGES_PER_PAGE = 1000
_RESULTS_PER_PAGE = 100
_INDEXES_PER_CALL = 100
_CONCURRENT_CALLS = 4


class PolicyEvaluation:
    """Evaluates a policy for the images of one repository; see ``Images.preview``."""

    def __init__(self, calls: RepositoryCalls, *, now: datetime | None, read_indexes: bool) -> None:
        self._calls = calls
        check_argument("preview", "read_indexes", read_indexes, bool, _FLAG)
        self._read_indexes = read_indexes
        self._now = checked_now("preview", now)

    async def run(
        self,
        policy: LifecyclePolicy | str | None,
        *,
        compare_with_service: bool,
        max_wait: float,
    ) -> LifecyclePreview:
        """Return the preview; the arguments are those of ``Images.preview``."""
        check_argument("preview", "policy", policy, (LifecyclePolicy, str), _POLICY, none=True)
        check_argument("preview", "compare_with_service", compare_with_service, bool, _FLAG)
        check_seconds("max_wait", max_wait, infinite=True)
        rules, text = await self._policy(policy)
        if compare_with_service:
            await self._calls.call(START_LIFECYCLE_POLICY_PREVIEW, lifecycle_policy_text=text)
        details = self._calls.iterate(
            DESCRIBE_IMAGES, filter={"image_status": "ANY"}, max_results=_IMAGES_PER_PAGE
        )
        images = read_images("preview", [detail async for detail in details])
        preview = await _evaluate(rules, images, self._now)
        if self._read_indexes and "indexes_unknown" in preview.assumptions:
            preview = await _evaluate(rules, images, self._now, await self._children(images))
        if not compare_with_service:
            return preview
        return replace(preview, service=await self._compare(preview, max_wait))

    async def _policy(self, policy: LifecyclePolicy | str | None) -> tuple[LifecyclePolicy, str]:
        """Return a policy and its text."""
        if isinstance(policy, LifecyclePolicy):
            return policy, policy.to_json()
        text = policy
        if text is None:
            text = (await self._calls.call(GET_LIFECYCLE_POLICY)).lifecycle_policy_text
        parsed = LifecyclePolicy.parse(text)
        parsed.to_json()
        return parsed, text

    async def _compare(self, preview: LifecyclePreview, max_wait: float) -> ServiceComparison:
        """Compare a preview with ECR's preview once that is complete."""
        await self._calls.wait_for(LIFECYCLE_POLICY_PREVIEW_COMPLETE, max_wait=max_wait)
        results = self._calls.iterate(GET_LIFECYCLE_POLICY_PREVIEW, max_results=_RESULTS_PER_PAGE)
        return compare_results(preview.images, [result async for result in results])

    async def _children(self, images: Sequence[LifecycleImage]) -> dict[str, list[str]]:
        """Return the manifests that the indexes list; archived indexes cannot be read."""
        indexes = [
            image.digest for image in images if image.is_index and image.storage_class == "standard"
        ]
        children: dict[str, list[str]] = {}

        async def read(digests: Sequence[str]) -> None:
            store = RepositoryStore(self._calls, TransferContext())
            found = await store.find(digests)
            for manifest in await store.manifests([*found.values()]):
                listed = manifest.manifests if isinstance(manifest, ImageIndex) else ()
                children[manifest.digest] = [descriptor.digest for descriptor in listed]

        batches = [
            indexes[start : start + _INDEXES_PER_CALL]
            for start in range(0, len(indexes), _INDEXES_PER_CALL)
        ]
        await run_all(read, batches, _CONCURRENT_CALLS)
        return children


async def _evaluate(
    policy: LifecyclePolicy,
    images: Sequence[LifecycleImage],
    now: datetime,
    children: Mapping[str, Sequence[str]] | None = None,
) -> LifecyclePreview:
    """Evaluate a policy in a thread, since many images take a while."""
    return await to_thread.run_sync(partial(policy.preview, images, now=now, children=children))
