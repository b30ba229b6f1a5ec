"""Backfills: replication of images pushed before a rule existed."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import pytest

from ecrclient import ECRClient, ServiceError
from ecrclient.errors import (
    LimitExceededException,
    ReplicationBackfillInProgressException,
    ReplicationBackfillInvalidStatusException,
    ReplicationBackfillNotFoundException,
    ValidationException,
)
from ecrclient.lifecycle import LifecyclePolicy, archive_after
from ecrclient.models import DescribeReplicationBackfillResultsResponse, ReplicationDestination
from ecrclient.testing import InMemoryECR
from tests.in_memory.builders import (
    HandClock,
    add_blobs,
    digest_of,
    image_manifest,
    index_of,
    post,
    push,
)
from tests.in_memory.replicating import ACCOUNT, IRELAND, OHIO, OTHER, REGIONS, replicate, statuses

pytestmark = pytest.mark.anyio

IMAGE = image_manifest()


async def backfill(client: ECRClient, destination: ReplicationDestination = IRELAND) -> str:
    response = await client.start_replication_backfill(destination=destination)
    return response.replication_backfill_id


async def described(
    client: ECRClient, backfill_id: str
) -> DescribeReplicationBackfillResultsResponse:
    return await client.describe_replication_backfill_results(replication_backfill_id=backfill_id)


def summed_up(response: DescribeReplicationBackfillResultsResponse) -> tuple[str, object]:
    """Return the status, and the numbers of all, completed and failed replications."""
    progress = response.progress
    return response.status, progress and (
        progress.total_replication_count,
        progress.completed_replication_count,
        progress.failed_replication_count,
    )


class TestBackfills:
    @pytest.fixture
    async def filled(self, client: ECRClient, repository: str) -> str:
        """A repository with four images and tags, pushed before replication was configured."""
        await push(client, repository, "v1")
        await push(client, repository, "v2")
        await push(client, repository, "v3", image_manifest("three"))
        await push(client, repository, None, image_manifest("four"))
        await replicate(client, IRELAND)
        return repository

    async def test_a_backfill_goes_through_its_states(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, filled: str
    ) -> None:
        ecr.replication.takes = timedelta(minutes=4)
        begun = clock.now
        started = await client.start_replication_backfill(destination=IRELAND)
        assert (started.registry_id, started.destination) == (ACCOUNT, IRELAND)
        assert (started.status, started.started_at) == ("PREPARING", begun)

        states: list[tuple[str, object]] = []
        for _ in range(9):
            response = await described(client, started.replication_backfill_id)
            states.append(summed_up(response))
            assert (response.results != []) == (response.ended_at is not None)
            clock.advance(minutes=1)
        assert states == [
            *[("PREPARING", None)] * 4,
            ("IN_PROGRESS", (4, 0, 0)),
            ("IN_PROGRESS", (4, 1, 0)),
            ("IN_PROGRESS", (4, 2, 0)),
            ("IN_PROGRESS", (4, 3, 0)),
            ("COMPLETE", (4, 4, 0)),
        ]
        response = await described(client, started.replication_backfill_id)
        assert (response.registry_id, response.destination) == (ACCOUNT, IRELAND)
        assert (response.started_at, response.ended_at) == (begun, begun + timedelta(minutes=8))
        assert response.failure_code is None
        assert {
            (one.repository_name, one.image_id.image_digest, one.image_id.image_tag, one.status)
            for one in response.results
        } == {
            (filled, digest_of(IMAGE), "v1", "COMPLETE"),
            (filled, digest_of(IMAGE), "v2", "COMPLETE"),
            (filled, digest_of(image_manifest("three")), "v3", "COMPLETE"),
            (filled, digest_of(image_manifest("four")), None, "COMPLETE"),
        }

    async def test_a_backfill_replicates_images(
        self, client: ECRClient, clock: HandClock, filled: str
    ) -> None:
        await backfill(client)
        assert await statuses(client, filled) == {}
        clock.advance(seconds=5)
        assert await statuses(client, filled) == {"eu-west-1": ("IN_PROGRESS", None)}
        clock.advance(seconds=5)
        assert await statuses(client, filled) == {"eu-west-1": ("COMPLETE", None)}

    async def test_only_repositories_of_the_rules_are_replicated(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, filled: str
    ) -> None:
        add_blobs(ecr, "other")
        await push(client, "other")
        await replicate(client, IRELAND, OHIO, prefixes=("oth",))
        backfill_id = await backfill(client, OHIO)
        clock.advance(minutes=1)
        (result,) = (await described(client, backfill_id)).results
        assert result.repository_name == "other"

    async def test_a_backfill_without_images(self, client: ECRClient, clock: HandClock) -> None:
        await replicate(client, IRELAND)
        backfill_id = await backfill(client)
        assert summed_up(await described(client, backfill_id)) == ("PREPARING", None)
        clock.advance(minutes=1)
        assert summed_up(await described(client, backfill_id)) == ("COMPLETE", (0, 0, 0))

    async def test_archived_images_are_not_replicated(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, filled: str
    ) -> None:
        policy = LifecyclePolicy.of(archive_after(1, tags="any", since="pushed"))
        await client.put_lifecycle_policy(repository_name=filled, lifecycle_policy_text=policy)
        clock.advance(days=2)
        ecr.lifecycle.apply()
        await push(client, filled, "new", image_manifest("new"))
        backfill_id = await backfill(client)
        clock.advance(minutes=1)
        assert summed_up(await described(client, backfill_id)) == ("COMPLETE", (1, 1, 0))

    async def test_results_by_status_and_in_pages(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, filled: str
    ) -> None:
        ecr.replication.fail("BROKEN", image="v2")
        ecr.replication.fail("BROKEN", image="v3")
        backfill_id = await backfill(client)
        clock.advance(minutes=1)
        response = await described(client, backfill_id)
        assert summed_up(response) == ("COMPLETE", (4, 2, 2))
        assert response.progress is not None
        assert response.progress.failure_codes == ["BROKEN"]
        pages = [
            [(one.image_id.image_tag, one.status, one.failure_code) for one in page.results]
            async for page in client.describe_replication_backfill_results(
                replication_backfill_id=backfill_id, result_status_filter="FAILED", max_results=1
            ).pages()
        ]
        assert sorted(one for page in pages for one in page) == [
            ("v2", "FAILED", "BROKEN"),
            ("v3", "FAILED", "BROKEN"),
        ]
        assert [len(page) for page in pages] == [1, 1]
        done = client.describe_replication_backfill_results(
            replication_backfill_id=backfill_id, result_status_filter="COMPLETE"
        )
        assert {one.image_id.image_tag async for one in done} == {"v1", None}

    async def test_an_index_fails_if_one_of_its_images_does(
        self, ecr: InMemoryECR, client: ECRClient, clock: HandClock, filled: str
    ) -> None:
        for tag, images in (("good", [image_manifest("four")]), ("bad", [IMAGE])):
            await push(client, filled, tag, index_of(images))
        ecr.replication.fail("BROKEN", image=digest_of(IMAGE))
        backfill_id = await backfill(client)
        clock.advance(minutes=1)
        results = {
            one.image_id.image_tag: (one.status, one.failure_code, one.sub_image_failure_codes)
            for one in (await described(client, backfill_id)).results
        }
        assert results == {
            "v1": ("FAILED", "BROKEN", []),
            "v2": ("FAILED", "BROKEN", []),
            "v3": ("COMPLETE", None, []),
            None: ("COMPLETE", None, []),
            "good": ("COMPLETE", None, []),
            "bad": ("FAILED", "BROKEN", ["BROKEN"]),
        }
        body = json.dumps({"replicationBackfillId": backfill_id}).encode()
        sent = (await post(ecr, "DescribeReplicationBackfillResults", body)).json()["results"]
        tags = {one["imageId"].get("imageTag") for one in sent if "subImageFailureCodes" in one}
        assert tags == {"good", "bad"}, "only the result of an index has the member"

    @pytest.mark.parametrize(
        ("images", "bad", "status", "progress"),
        [
            (99, 99, "COMPLETE", (99, 0, 99)),
            (120, 49, "COMPLETE", (120, 71, 49)),
            (120, 50, "FAILED", (120, 50, 50)),
        ],
    )
    async def test_a_backfill_fails_if_half_of_at_least_100_replications_fail(
        self,
        ecr: InMemoryECR,
        client: ECRClient,
        clock: HandClock,
        repository: str,
        images: int,
        bad: int,
        status: str,
        progress: tuple[int, int, int],
    ) -> None:
        await replicate(client, IRELAND)
        for number in range(images):
            await push(client, repository, f"v{number}")
        for number in range(bad):
            ecr.replication.fail("BROKEN", image=f"v{number}")
        backfill_id = await backfill(client)
        clock.advance(minutes=1)
        response = await described(client, backfill_id)
        assert summed_up(response) == (status, progress)
        assert (response.failure_code is None) == (status == "COMPLETE")

    async def test_items_of_a_deleted_repository_fail(
        self, client: ECRClient, clock: HandClock, filled: str
    ) -> None:
        backfill_id = await backfill(client)
        clock.advance(seconds=7.5)
        await client.delete_repository(repository_name=filled, force=True)
        clock.advance(minutes=1)
        response = await described(client, backfill_id)
        assert summed_up(response) == ("COMPLETE", (4, 2, 2))
        assert sorted(one.status for one in response.results) == [
            *["COMPLETE"] * 2,
            *["FAILED"] * 2,
        ]
        await client.create_repository(repository_name="later")
        await client.delete_repository(repository_name="later")
        assert await described(client, backfill_id) == response


class TestStop:
    @pytest.fixture
    async def running(self, client: ECRClient, repository: str) -> str:
        """A backfill of four tags: it prepares for 5 s, then replicates each in 1.25 s."""
        for number in range(4):
            await push(client, repository, f"v{number}")
        await replicate(client, IRELAND)
        return await backfill(client)

    async def test_stop_while_preparing(
        self, client: ECRClient, clock: HandClock, running: str
    ) -> None:
        clock.advance(seconds=1)
        response = await client.stop_replication_backfill(replication_backfill_id=running)
        assert (response.registry_id, response.replication_backfill_id) == (ACCOUNT, running)
        assert (response.destination, response.status) == (IRELAND, "STOPPED")
        assert response.started_at == clock.now - timedelta(seconds=1)
        clock.advance(minutes=1)
        found = await described(client, running)
        assert summed_up(found) == ("STOPPED", None)
        assert (found.results, found.ended_at) == ([], clock.now - timedelta(minutes=1))

    async def test_the_replication_in_progress_completes(
        self, client: ECRClient, clock: HandClock, repository: str, running: str
    ) -> None:
        clock.advance(seconds=7)
        response = await client.stop_replication_backfill(replication_backfill_id=running)
        assert response.status == "STOPPING"
        found = await described(client, running)
        assert (summed_up(found), found.results) == (("STOPPING", (4, 1, 0)), [])
        with pytest.raises(ReplicationBackfillInvalidStatusException, match="STOPPING"):
            await client.stop_replication_backfill(replication_backfill_id=running)
        clock.advance(seconds=1)
        found = await described(client, running)
        assert summed_up(found) == ("STOPPED", (4, 2, 0))
        assert [one.image_id.image_tag for one in found.results] == ["v0", "v1"]

    async def test_pending_items_are_not_replicated(
        self, client: ECRClient, clock: HandClock, repository: str
    ) -> None:
        await push(client, repository, "one")
        await push(client, repository, "two", image_manifest("two"))
        await replicate(client, IRELAND)
        backfill_id = await backfill(client)
        clock.advance(seconds=6)
        await client.stop_replication_backfill(replication_backfill_id=backfill_id)
        clock.advance(minutes=1)
        assert await statuses(client, repository, "one") == {"eu-west-1": ("COMPLETE", None)}
        assert await statuses(client, repository, "two") == {}

    async def test_a_complete_backfill_cannot_be_stopped(
        self, client: ECRClient, clock: HandClock, running: str
    ) -> None:
        clock.advance(minutes=1)
        with pytest.raises(ReplicationBackfillInvalidStatusException, match="COMPLETE"):
            await client.stop_replication_backfill(replication_backfill_id=running)

    async def test_a_stopped_backfill_does_not_block_another(
        self, client: ECRClient, clock: HandClock, running: str
    ) -> None:
        await client.stop_replication_backfill(replication_backfill_id=running)
        assert await backfill(client) != running


class TestLimits:
    async def test_the_destination_must_be_configured(self, client: ECRClient) -> None:
        await replicate(client, IRELAND)
        elsewhere = ReplicationDestination(region="eu-west-1", registry_id=OTHER)
        for destination in (OHIO, elsewhere):
            with pytest.raises(ValidationException, match="not in the replication configuration"):
                await client.start_replication_backfill(destination=destination)

    async def test_one_backfill_for_a_region(self, client: ECRClient, clock: HandClock) -> None:
        elsewhere = ReplicationDestination(region="eu-west-1", registry_id=OTHER)
        await replicate(client, IRELAND, elsewhere)
        await backfill(client)
        with pytest.raises(ReplicationBackfillInProgressException, match="eu-west-1"):
            await client.start_replication_backfill(destination=elsewhere)
        clock.advance(minutes=1)
        await backfill(client, elsewhere)

    async def test_at_most_ten_backfills_in_progress(self, client: ECRClient) -> None:
        regions = [ReplicationDestination(region=region, registry_id=ACCOUNT) for region in REGIONS]
        await replicate(client, *regions)
        for destination in regions[:10]:
            await backfill(client, destination)
        with pytest.raises(LimitExceededException):
            await client.start_replication_backfill(destination=regions[10])

    async def test_backfills_are_listed_for_90_days(
        self, client: ECRClient, clock: HandClock
    ) -> None:
        await replicate(client, IRELAND)
        ids: list[str] = []
        for _ in range(26):
            ids.append(await backfill(client))
            clock.advance(minutes=1)
        first = await client.list_replication_backfills()
        assert first.registry_id == ACCOUNT
        assert [one.replication_backfill_id for one in first.backfills] == ids[:25]
        (summary,) = (
            await client.list_replication_backfills(next_token=first.next_token)
        ).backfills
        assert (summary.replication_backfill_id, summary.destination) == (ids[25], IRELAND)
        assert (summary.status, summary.failure_code) == ("COMPLETE", None)
        assert summary.progress is not None
        assert summary.started_at == clock.now - timedelta(minutes=1)
        assert summary.ended_at == clock.now - timedelta(seconds=55)

        clock.advance(days=90, seconds=-55)
        (summary,) = (await client.list_replication_backfills()).backfills
        assert summary.replication_backfill_id == ids[25]
        clock.advance(seconds=1)
        assert (await client.list_replication_backfills()).backfills == []
        with pytest.raises(ReplicationBackfillNotFoundException):
            await described(client, ids[25])

    async def test_unknown_backfills(self, client: ECRClient) -> None:
        backfill_id = str(uuid.uuid4())
        with pytest.raises(ReplicationBackfillNotFoundException, match=backfill_id):
            await described(client, backfill_id)
        with pytest.raises(ReplicationBackfillNotFoundException, match=backfill_id):
            await client.stop_replication_backfill(replication_backfill_id=backfill_id)

    async def test_other_accounts_are_refused(self, client: ECRClient) -> None:
        backfill_id = str(uuid.uuid4())
        for call in (
            client.start_replication_backfill(destination=IRELAND, registry_id=OTHER),
            client.stop_replication_backfill(
                replication_backfill_id=backfill_id, registry_id=OTHER
            ),
            client.list_replication_backfills(registry_id=OTHER),
            client.describe_replication_backfill_results(
                replication_backfill_id=backfill_id, registry_id=OTHER
            ),
        ):
            with pytest.raises(ServiceError) as caught:
                await call
            assert caught.value.code == "AccessDeniedException"
