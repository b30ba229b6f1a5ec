"""Previews of lifecycle policies, and the application of policies."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from ecrclient import ECRClient, WaiterFailureError
from ecrclient.errors import (
    InvalidParameterException,
    LifecyclePolicyNotFoundException,
    LifecyclePolicyPreviewInProgressException,
    LifecyclePolicyPreviewNotFoundException,
    RepositoryNotFoundException,
)
from ecrclient.lifecycle import (
    LifecyclePolicy,
    LifecycleRule,
    archive_after,
    expire_after,
    expire_archived_after,
    keep_last,
)
from ecrclient.models import GetLifecyclePolicyPreviewResponse, LifecyclePolicyRuleAction
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import OCI_MANIFEST, HandClock, digest_of, image_manifest, index_of

pytestmark = pytest.mark.anyio

OLD = LifecyclePolicy.of(expire_after(14, tags="any", description="Fortnight" * 5))
EXPIRE = LifecyclePolicyRuleAction(type="EXPIRE")
ARCHIVE = LifecyclePolicyRuleAction(type="TRANSITION", target_storage_class="ARCHIVE")


async def push(
    client: ECRClient, clock: HandClock, repository: str, *contents: str, tagged: bool = True
) -> None:
    """Push images a day apart, each tagged with its name."""
    for content in contents:
        manifest = image_manifest(content)
        if tagged:
            await client.put_image(
                repository_name=repository, image_manifest=manifest, image_tag=content
            )
        else:
            await client.put_image(repository_name=repository, image_manifest=manifest)
        clock.advance(days=1)


async def preview(
    client: ECRClient, clock: HandClock, repository: str, policy: LifecyclePolicy
) -> GetLifecyclePolicyPreviewResponse:
    await client.start_lifecycle_policy_preview(
        repository_name=repository, lifecycle_policy_text=policy
    )
    clock.advance(minutes=1)
    return await client.get_lifecycle_policy_preview(repository_name=repository)


async def active_tags(client: ECRClient, repository: str) -> set[str]:
    """Return the tags of the active images."""
    return {
        tag
        async for image in client.describe_images(repository_name=repository)
        for tag in image.image_tags
    }


class TestPreview:
    async def test_a_preview_goes_through_its_states(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        await push(client, clock, repository, "a", "b")
        clock.advance(days=13)
        ecr.lifecycle.takes = timedelta(minutes=2)
        begun = await client.start_lifecycle_policy_preview(
            repository_name=repository, lifecycle_policy_text=OLD
        )
        assert (begun.registry_id, begun.repository_name) == ("123456789012", repository)
        assert (begun.lifecycle_policy_text, begun.status) == (OLD.to_json(), "IN_PROGRESS")

        got = await client.get_lifecycle_policy_preview(repository_name=repository)
        assert (got.status, got.preview_results, got.summary) == ("IN_PROGRESS", [], None)

        clock.advance(minutes=2)
        got = await client.get_lifecycle_policy_preview(repository_name=repository)
        assert (got.registry_id, got.repository_name) == ("123456789012", repository)
        assert (got.lifecycle_policy_text, got.status) == (OLD.to_json(), "COMPLETE")
        (result,) = got.preview_results
        assert (result.image_tags, result.image_digest) == (["a"], digest_of(image_manifest("a")))
        assert result.image_pushed_at == clock.now - timedelta(days=15, minutes=2)
        assert (result.action, result.applied_rule_priority) == (EXPIRE, 1)
        assert result.storage_class == "STANDARD"
        assert got.summary is not None
        assert got.summary.expiring_image_total_count == 1
        assert got.summary.transitioning_image_total_counts == []
        assert await active_tags(client, repository) == {"a", "b"}, (
            "a preview does not delete images"
        )

    async def test_the_waiter_waits_for_it(
        self, ecr: InMemoryECR, client: ECRClient, repository: str
    ) -> None:
        ecr.lifecycle.takes = timedelta(0)
        await client.start_lifecycle_policy_preview(
            repository_name=repository, lifecycle_policy_text=OLD
        )
        done = await client.wait_until_lifecycle_policy_preview_complete(
            repository_name=repository, max_wait=1
        )
        assert done.status == "COMPLETE"

    @pytest.mark.parametrize("status", ["FAILED", "EXPIRED"])
    async def test_a_preview_that_does_not_complete(
        self,
        ecr: InMemoryECR,
        client: ECRClient,
        clock: HandClock,
        repository: str,
        status: Literal["FAILED", "EXPIRED"],
    ) -> None:
        await push(client, clock, repository, "a")
        clock.advance(days=20)
        ecr.lifecycle.set_preview_status(repository, status)
        got = await preview(client, clock, repository, OLD)
        assert (got.status, got.preview_results, got.summary) == (status, [], None)
        with pytest.raises(WaiterFailureError):
            await client.wait_until_lifecycle_policy_preview_complete(
                repository_name=repository, max_wait=1
            )
        ecr.lifecycle.set_preview_status(repository, "COMPLETE")
        got = await client.get_lifecycle_policy_preview(repository_name=repository)
        assert (got.status, len(got.preview_results)) == ("COMPLETE", 1)

    async def test_one_preview_at_a_time(
        self, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        await client.start_lifecycle_policy_preview(
            repository_name=repository, lifecycle_policy_text=OLD
        )
        with pytest.raises(LifecyclePolicyPreviewInProgressException):
            await client.start_lifecycle_policy_preview(
                repository_name=repository, lifecycle_policy_text=OLD
            )
        clock.advance(minutes=1)
        again = await preview(client, clock, repository, OLD)
        assert again.status == "COMPLETE"

    async def test_the_policy_of_the_repository(
        self, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        with pytest.raises(LifecyclePolicyNotFoundException):
            await client.start_lifecycle_policy_preview(repository_name=repository)
        await client.put_lifecycle_policy(repository_name=repository, lifecycle_policy_text=OLD)
        response = await client.start_lifecycle_policy_preview(repository_name=repository)
        assert response.lifecycle_policy_text == OLD.to_json()

    async def test_an_invalid_policy(self, client: ECRClient, repository: str) -> None:
        with pytest.raises(InvalidParameterException, match="LifecyclePolicyText"):
            await client.start_lifecycle_policy_preview(
                repository_name=repository, lifecycle_policy_text='{"rules": []}'.ljust(100)
            )
        with pytest.raises(LifecyclePolicyPreviewNotFoundException):
            await client.get_lifecycle_policy_preview(repository_name=repository)

    async def test_no_repository(self, client: ECRClient) -> None:
        with pytest.raises(RepositoryNotFoundException):
            await client.start_lifecycle_policy_preview(
                repository_name="none", lifecycle_policy_text=OLD
            )
        with pytest.raises(RepositoryNotFoundException):
            await client.get_lifecycle_policy_preview(repository_name="none")


class TestResults:
    @pytest.fixture
    async def previewed(self, client: ECRClient, clock: HandClock, repository: str) -> str:
        """A repository of which five images would expire, the third of them untagged."""
        await push(client, clock, repository, "a", "b")
        await push(client, clock, repository, "c", tagged=False)
        await push(client, clock, repository, "d", "e")
        clock.advance(days=14)
        await preview(client, clock, repository, OLD)
        return repository

    async def test_in_pages_the_oldest_first(self, client: ECRClient, previewed: str) -> None:
        pages = [
            page
            async for page in client.get_lifecycle_policy_preview(
                repository_name=previewed, max_results=2
            ).pages()
        ]
        tags = [[one.image_tags for one in page.preview_results] for page in pages]
        assert tags == [[["a"], ["b"]], [[], ["d"]], [["e"]]]
        counts = [page.summary and page.summary.expiring_image_total_count for page in pages]
        assert counts == [5, 5, 5]

    @pytest.mark.parametrize(
        ("tag_status", "tags"), [("TAGGED", "abde"), ("UNTAGGED", "-"), ("ANY", "ab-de")]
    )
    async def test_by_tag_status(
        self, client: ECRClient, previewed: str, tag_status: str, tags: str
    ) -> None:
        got = await client.get_lifecycle_policy_preview(
            repository_name=previewed, filter={"tag_status": tag_status}
        )
        assert "".join("".join(one.image_tags) or "-" for one in got.preview_results) == tags

    async def test_by_identifier(self, client: ECRClient, previewed: str) -> None:
        got = await client.get_lifecycle_policy_preview(
            repository_name=previewed,
            image_ids=[
                {"image_tag": "e"},
                {"image_digest": digest_of(image_manifest("c"))},
                {"image_tag": "a", "image_digest": digest_of(image_manifest("b"))},
                {"image_tag": "none"},
            ],
        )
        assert [one.image_tags for one in got.preview_results] == [[], ["e"]]
        assert got.next_token is None

    async def test_refused_identifiers(self, client: ECRClient, previewed: str) -> None:
        with pytest.raises(InvalidParameterException, match="imageIds"):
            await client.get_lifecycle_policy_preview(repository_name=previewed, image_ids=[{}])
        with pytest.raises(InvalidParameterException, match="maxResults"):
            await client.get_lifecycle_policy_preview(
                repository_name=previewed, image_ids=[{"image_tag": "a"}], max_results=1
            )

    async def test_images_to_archive(
        self, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        await push(client, clock, repository, "main-1", "main-2", "x")
        clock.advance(days=30)
        policy = LifecyclePolicy.of(archive_after(7, tags=["main-*"]), expire_after(20, tags="any"))
        got = await preview(client, clock, repository, policy)
        assert [(one.action, one.applied_rule_priority) for one in got.preview_results] == [
            (ARCHIVE, 1),
            (ARCHIVE, 1),
            (EXPIRE, 2),
        ]
        assert got.summary is not None
        assert got.summary.expiring_image_total_count == 1
        (moving,) = got.summary.transitioning_image_total_counts
        assert (moving.target_storage_class, moving.image_total_count) == ("ARCHIVE", 2)


class TestApply:
    async def test_policies_apply_only_on_request(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        await client.create_repository(repository_name="without")
        policy = LifecyclePolicy.of(keep_last(1, tags="any"))
        await client.put_lifecycle_policy(repository_name=repository, lifecycle_policy_text=policy)
        await push(client, clock, repository, "a", "b", "c")
        assert await active_tags(client, repository) == {"a", "b", "c"}

        done = ecr.lifecycle.apply()
        assert {name: [one.image_tags for one in gone] for name, gone in done.items()} == {
            repository: [["a"], ["b"]]
        }
        assert await active_tags(client, repository) == {"c"}
        assert ecr.lifecycle.apply() == {repository: []}

    async def test_the_time_of_the_last_evaluation(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        async def evaluated() -> object:
            got = await client.get_lifecycle_policy(repository_name=repository)
            return got.last_evaluated_at

        await client.put_lifecycle_policy(repository_name=repository, lifecycle_policy_text=OLD)
        assert await evaluated() is None
        ecr.lifecycle.apply()
        assert await evaluated() == clock.now
        await client.put_lifecycle_policy(repository_name=repository, lifecycle_policy_text=OLD)
        assert await evaluated() is None, "the new policy was not evaluated"
        ecr.lifecycle.apply()
        gone = await client.delete_lifecycle_policy(repository_name=repository)
        assert gone.last_evaluated_at == clock.now

    async def test_an_index_expires_before_its_images(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        image = image_manifest()
        await client.put_image(repository_name=repository, image_manifest=image)
        await client.put_image(
            repository_name=repository, image_manifest=index_of([image]), image_tag="v1"
        )
        await client.put_lifecycle_policy(repository_name=repository, lifecycle_policy_text=OLD)
        clock.advance(days=15)
        digests = [
            [one.image_digest for one in ecr.lifecycle.apply()[repository]] for _ in range(3)
        ]
        assert digests == [[digest_of(index_of([image]))], [digest_of(image)], []]

    async def test_archived_images_expire_by_separate_rules(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        policy = LifecyclePolicy.of(
            expire_archived_after(100, tags="any"), archive_after(30, tags="any", since="pushed")
        )
        await client.put_lifecycle_policy(repository_name=repository, lifecycle_policy_text=policy)
        await push(client, clock, repository, "a")
        clock.advance(days=30)
        (archived,) = ecr.lifecycle.apply()[repository]
        assert archived.action == ARCHIVE
        assert await active_tags(client, repository) == set()
        (image,) = await client.describe_images(
            repository_name=repository, filter={"image_status": "ARCHIVED"}
        ).collect()
        assert (image.image_status, image.last_archived_at) == ("ARCHIVED", clock.now)

        clock.advance(days=100)
        assert ecr.lifecycle.apply() == {repository: []}
        clock.advance(seconds=1)
        (expired,) = ecr.lifecycle.apply()[repository]
        assert (expired.action, expired.applied_rule_priority) == (EXPIRE, 1)
        assert expired.storage_class == "ARCHIVE"
        found = client.describe_images(repository_name=repository, filter={"image_status": "ANY"})
        assert await found.collect() == []

    @pytest.mark.parametrize(
        ("rule", "statuses"),
        [
            (expire_after(14, tags=["v*"]), []),
            (archive_after(14, tags=["v*"]), ["ARCHIVED", "ARCHIVED"]),
        ],
    )
    async def test_reference_artifacts_go_with_their_subject(
        self,
        ecr: InMemoryECR,
        client: ECRClient,
        clock: HandClock,
        repository: str,
        rule: LifecycleRule,
        statuses: list[str],
    ) -> None:
        image = image_manifest()
        subject = {"mediaType": OCI_MANIFEST, "digest": digest_of(image), "size": len(image)}
        artifact = image_manifest("signature", subject=subject)
        await client.put_image(repository_name=repository, image_manifest=image, image_tag="v1")
        await client.put_image(repository_name=repository, image_manifest=artifact)
        await client.put_lifecycle_policy(
            repository_name=repository, lifecycle_policy_text=LifecyclePolicy.of(rule)
        )
        clock.advance(days=15)
        assert [one.image_tags for one in ecr.lifecycle.apply()[repository]] == [["v1"]]
        left = client.describe_images(repository_name=repository, filter={"image_status": "ANY"})
        assert [one.image_status for one in await left.collect()] == statuses
