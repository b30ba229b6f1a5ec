"""The movable clock, and the times that depend on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import httpx
import pytest

from ecrclient import ECRClient
from ecrclient.lifecycle import LifecyclePolicy, expire_after
from ecrclient.models import DescribeImagesFilter, ImageIdentifier
from ecrclient.testing import InMemoryECR, MovableClock
from tests.in_memory.builders import digest_of
from tests.in_memory.replicating import IRELAND, replicate, statuses

pytestmark = pytest.mark.anyio

START = datetime(2030, 1, 1, tzinfo=UTC)
TAGGED = ImageIdentifier(image_tag="v1")


def fixed() -> datetime:
    return START


@pytest.fixture
def ecr() -> InMemoryECR:
    """A registry whose clock advances only when a test moves it."""
    return InMemoryECR(clock=fixed)


class TestMovableClock:
    def test_default_clock_follows_the_machine(self) -> None:
        clock = MovableClock()
        before = datetime.now(UTC)
        assert before <= clock() <= datetime.now(UTC)

    def test_advances_add_up(self) -> None:
        clock = MovableClock(fixed)
        clock.advance(days=1, hours=2, minutes=3, seconds=4)
        clock.advance(timedelta(milliseconds=5))
        assert clock() - START == timedelta(days=1, hours=2, minutes=3, seconds=4, milliseconds=5)

    def test_clock_continues_from_where_it_was_set(self) -> None:
        now = START
        clock = MovableClock(lambda: now)
        clock.set(datetime(2024, 2, 29, 12, tzinfo=timezone(timedelta(hours=9))))
        assert clock() == datetime(2024, 2, 29, 3, tzinfo=UTC)
        now += timedelta(minutes=1)
        assert clock() == datetime(2024, 2, 29, 3, 1, tzinfo=UTC)

    def test_frozen_clock_stops_until_it_is_moved(self) -> None:
        clock = MovableClock()
        clock.advance(days=1)
        clock.freeze()
        frozen_at = clock()
        assert clock() == frozen_at > datetime.now(UTC) + timedelta(hours=23)
        clock.advance(hours=1)
        assert clock() == frozen_at + timedelta(hours=1)
        clock.set(START)
        assert clock() == START

    def test_only_set_moves_the_clock_back(self) -> None:
        clock = MovableClock(fixed)
        with pytest.raises(ValueError, match=r"cannot advance by -1 day.*use set\(\)"):
            clock.advance(days=-1)
        assert clock() == START
        clock.set(START - timedelta(days=1))
        assert repr(clock) == "<MovableClock at 2029-12-31 00:00:00+00:00>"

    def test_times_require_a_timezone(self) -> None:
        naive = START.replace(tzinfo=None)
        with pytest.raises(ValueError, match="moment must have a timezone"):
            MovableClock().set(naive)
        with pytest.raises(ValueError, match="the clock's source must have a timezone"):
            MovableClock(lambda: naive)()

    def test_registries_can_share_a_clock(self) -> None:
        clock = MovableClock(fixed)
        one, other = InMemoryECR(clock=clock), InMemoryECR(clock=clock, region="eu-west-1")
        one.clock.advance(days=1)
        assert other.clock() == START + timedelta(days=1)


class TestTimesOfTheService:
    async def test_pushes_and_pulls(self, ecr: InMemoryECR, client: ECRClient) -> None:
        ecr.add_image("team/app", [b"layer"], tags=["v1"])
        ecr.clock.advance(days=3)
        await client.batch_get_image(repository_name="team/app", image_ids=[TAGGED])
        (image,) = await client.describe_images(repository_name="team/app").collect()
        assert image.image_pushed_at == START
        assert image.last_recorded_pull_time == START + timedelta(days=3)

    async def test_scans(self, ecr: InMemoryECR, client: ECRClient) -> None:
        ecr.add_image("team/app", [b"layer"], tags=["v1"])
        await client.start_image_scan(repository_name="team/app", image_id=TAGGED)

        async def status() -> str | None:
            findings = await client.describe_image_scan_findings(
                repository_name="team/app", image_id=TAGGED
            )
            assert findings.image_scan_status is not None
            return findings.image_scan_status.status

        seen = [await status()]
        for _ in range(2):
            ecr.clock.advance(ecr.scans.takes / 2)
            seen.append(await status())
        assert seen == ["PENDING", "IN_PROGRESS", "COMPLETE"]

    async def test_replications(self, ecr: InMemoryECR, client: ECRClient) -> None:
        await replicate(client, IRELAND)
        ecr.add_image("team/app", [b"layer"], tags=["v1"])
        assert await statuses(client, "team/app") == {"eu-west-1": ("IN_PROGRESS", None)}
        ecr.clock.advance(ecr.replication.takes)
        assert await statuses(client, "team/app") == {"eu-west-1": ("COMPLETE", None)}

    async def test_backfills(self, ecr: InMemoryECR, client: ECRClient) -> None:
        ecr.add_image("team/app", [b"layer"], tags=["v1"])
        await replicate(client, IRELAND)
        started = await client.start_replication_backfill(destination=IRELAND)
        seen = [started.status]
        for _ in range(2):
            ecr.clock.advance(ecr.replication.takes)
            described = await client.describe_replication_backfill_results(
                replication_backfill_id=started.replication_backfill_id
            )
            seen.append(described.status)
        assert seen == ["PREPARING", "IN_PROGRESS", "COMPLETE"]

    async def test_lifecycle_policies_and_their_previews(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        digest = ecr.add_image("team/app", [b"layer"], tags=["v1"])
        policy = LifecyclePolicy.of(expire_after(30, tags="any"))
        await client.put_lifecycle_policy(
            repository_name="team/app", lifecycle_policy_text=policy.to_json()
        )
        assert ecr.lifecycle.apply() == {"team/app": []}
        ecr.clock.advance(days=30, seconds=1)

        await client.start_lifecycle_policy_preview(repository_name="team/app")
        preview = await client.get_lifecycle_policy_preview(repository_name="team/app")
        assert preview.status == "IN_PROGRESS"
        ecr.clock.advance(ecr.lifecycle.takes)
        preview = await client.get_lifecycle_policy_preview(repository_name="team/app")
        assert [one.image_digest for one in preview.preview_results] == [digest]

        assert [one.image_digest for one in ecr.lifecycle.apply()["team/app"]] == [digest]
        kept = await client.get_lifecycle_policy(repository_name="team/app")
        assert kept.last_evaluated_at == ecr.clock()

    async def test_storage_classes(self, ecr: InMemoryECR, client: ECRClient) -> None:
        ecr.add_image("team/app", [b"layer"], tags=["v1"])
        for target in ("ARCHIVE", "STANDARD"):
            await client.update_image_storage_class(
                repository_name="team/app", image_id=TAGGED, target_storage_class=target
            )
        everything = DescribeImagesFilter(image_status="ANY")

        async def status() -> str | None:
            (image,) = await client.describe_images(
                repository_name="team/app", filter=everything
            ).collect()
            return image.image_status

        assert await status() == "ACTIVATING"
        ecr.clock.advance(minutes=20)
        assert await status() == "ACTIVE"

    async def test_tokens_and_download_urls(self, ecr: InMemoryECR, client: ECRClient) -> None:
        ecr.add_image("team/app", [b"layer"], tags=["v1"])
        ecr.clock.advance(days=1)
        token = await client.get_authorization_token()
        assert token.authorization_data[0].expires_at == START + timedelta(days=1, hours=12)

        url = (
            await client.get_download_url_for_layer(
                repository_name="team/app", layer_digest=digest_of(b"layer")
            )
        ).download_url
        async with httpx.AsyncClient(transport=ecr.transport()) as http:
            assert (await http.get(url)).content == b"layer"
            ecr.clock.advance(hours=1)
            assert (await http.get(url)).status_code == 403

    async def test_recorded_calls_and_rate_limits(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        ecr.faults.rate_limit(1)
        await client.describe_registry()
        ecr.clock.advance(seconds=1)
        await client.describe_registry()
        assert [call.at for call in ecr.calls] == [START, START + timedelta(seconds=1)]


class TestPushAndPullTimes:
    async def test_push_and_pull_times_can_be_set(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        pushed_at, pulled_at = START - timedelta(days=90), START - timedelta(days=5)
        ecr.add_image(
            "team/app", [b"old"], tags=["v1"], pushed_at=pushed_at, last_pulled_at=pulled_at
        )
        ecr.add_image("team/app", [b"new"], tags=["v2"])
        images = await client.describe_images(repository_name="team/app").collect()
        assert {
            (*one.image_tags, one.image_pushed_at, one.last_recorded_pull_time) for one in images
        } == {("v1", pushed_at, pulled_at), ("v2", START, None)}
        (repository,) = await client.describe_repositories().collect()
        assert repository.created_at == pushed_at
        assert ecr.clock() == START

    async def test_scan_and_replication_start_with_the_push(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        await client.create_repository(
            repository_name="team/app", image_scanning_configuration={"scan_on_push": True}
        )
        await replicate(client, IRELAND)
        ecr.add_image("team/app", [b"old"], tags=["v1"], pushed_at=START - timedelta(days=1))
        assert await statuses(client, "team/app") == {"eu-west-1": ("COMPLETE", None)}
        scan = await client.describe_image_scan_findings(
            repository_name="team/app", image_id=TAGGED
        )
        assert scan.image_scan_findings is not None
        assert scan.image_scan_findings.image_scan_completed_at == (
            START - timedelta(days=1) + ecr.scans.takes
        )

    async def test_lifecycle_policy_expires_old_images(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        old = ecr.add_image("team/app", [b"old"], pushed_at=START - timedelta(days=31))
        ecr.add_image("team/app", [b"new"], pushed_at=START - timedelta(days=29))
        policy = LifecyclePolicy.of(expire_after(30, tags="any"))
        await client.put_lifecycle_policy(
            repository_name="team/app", lifecycle_policy_text=policy.to_json()
        )
        assert [one.image_digest for one in ecr.lifecycle.apply()["team/app"]] == [old]

    async def test_later_tag_does_not_change_the_push_time(
        self, ecr: InMemoryECR, client: ECRClient
    ) -> None:
        pushed_at = START - timedelta(days=1)
        ecr.add_image("team/app", [b"one"], tags=["v1"], pushed_at=pushed_at)
        ecr.add_image("team/app", [b"one"], tags=["v2"])
        (image,) = await client.describe_images(repository_name="team/app").collect()
        assert (image.image_pushed_at, image.image_tags) == (pushed_at, ["v1", "v2"])

    def test_invalid_times_are_refused(self, ecr: InMemoryECR) -> None:
        naive = START.replace(tzinfo=None)
        with pytest.raises(ValueError, match="pushed_at must have a timezone"):
            ecr.add_image("team/app", [b"one"], pushed_at=naive)
        with pytest.raises(ValueError, match="last_pulled_at must have a timezone"):
            ecr.add_image("team/app", [b"one"], last_pulled_at=naive)
        with pytest.raises(ValueError, match="is before the push"):
            ecr.add_image("team/app", [b"one"], last_pulled_at=START - timedelta(seconds=1))
        with pytest.raises(ValueError, match="there is no image"):
            ecr.add_image("team/app", [b"one"], subject="sha256:00", pushed_at=START)
        assert ecr.clock() == START
