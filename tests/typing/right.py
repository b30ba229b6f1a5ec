"""A user's correct code, in which neither type checker may report an error.

It is checked and imported, but its functions are not run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal, NamedTuple, assert_never, assert_type

import anyio
import httpx
import trio

from ecrclient import (
    BatchError,
    Batches,
    BatchResult,
    BotocoreCredentials,
    CallNext,
    CallOptions,
    Credentials,
    CredentialsProvider,
    ECRClient,
    ECRClientError,
    Middleware,
    Paginator,
    Poll,
    PrefetchingPaginator,
    RawResponse,
    RequestValidationError,
    ResponseMetadata,
    RetryPolicy,
    ServiceError,
    TransportError,
    WaiterError,
    WaiterFailureError,
    WaiterTimeoutError,
)
from ecrclient.enums import FindingSeverity, ImageTagMutability, ScanStatus
from ecrclient.errors import (
    InvalidLayerPartException,
    KmsException,
    RepositoryNotEmptyException,
    RepositoryNotFoundException,
)
from ecrclient.findings import AffectedPackage, Finding
from ecrclient.handles import RepositoryHandle
from ecrclient.lifecycle import (
    ImageOutcome,
    LifecyclePolicy,
    LifecyclePreview,
    LifecycleRule,
    LintFinding,
    expire_after,
    keep_last,
)
from ecrclient.models import (
    BatchGetImageRequest,
    BatchGetImageResponse,
    CreateRepositoryRequest,
    CreateRepositoryResponse,
    DescribeImageScanFindingsResponse,
    DescribeImagesResponse,
    DescribePullThroughCacheRulesResponse,
    DescribeReplicationBackfillResultsResponse,
    DescribeRepositoriesResponse,
    DescribeRepositoryCreationTemplatesResponse,
    EncryptionConfiguration,
    EnhancedImageScanFinding,
    GetLifecyclePolicyPreviewResponse,
    Image,
    ImageDetail,
    ImageFailure,
    ImageIdentifier,
    ImageReferrer,
    ImageScanFinding,
    ImageScanFindings,
    ImageScanningConfiguration,
    Layer,
    LifecyclePolicyPreviewResult,
    ListImageReferrersResponse,
    ListImagesRequest,
    ListImagesResponse,
    ListPullTimeUpdateExclusionsResponse,
    ListReplicationBackfillsResponse,
    PullThroughCacheRule,
    PutImageResponse,
    RegistryScanningRule,
    ReplicationBackfillResult,
    ReplicationBackfillSummary,
    ReplicationConfiguration,
    ReplicationRule,
    Repository,
    RepositoryCreationTemplate,
    Tag,
    TagResourceResponse,
)
from ecrclient.operations import BATCH_GET_IMAGE, LIST_IMAGES
from ecrclient.params import (
    ImageIdentifierLike,
    ImageIdentifierParam,
    ReplicationRuleParam,
    TagParam,
)
from ecrclient.references import ImageReference, RegistryHost
from ecrclient.testing import Call, InMemoryECR, StubTransport

REPOSITORY = "team/app"

# -- a client -------------------------------------------------------------------------------------


def build() -> ECRClient:
    return ECRClient()


def build_in_full(profile: str | None) -> ECRClient:
    return ECRClient(
        region="eu-west-1",
        profile=profile,
        credentials=Credentials("AKIDEXAMPLE", "secret", session_token="token"),
        endpoint_url="https://localhost:8443",
        use_fips=False,
        use_dualstack=None,
        retry=RetryPolicy(max_attempts=5, base_delay=0.1, max_delay=3),
        options=CallOptions(timeout=10, deadline=30.5),
        max_connections=10,
        transport=httpx.AsyncHTTPTransport(proxy="http://localhost:3128"),
        middleware=[log_status, Timed()],
    )


async def opened() -> str | None:
    async with ECRClient(region="eu-west-1") as ecr:
        assert_type(ecr, ECRClient)
        described = await ecr.describe_registry()
    return described.registry_id


async def closed_by_hand(ecr: ECRClient) -> None:
    slow = ecr.with_options(CallOptions(timeout=None, retry=RetryPolicy(max_attempts=1)))
    assert_type(slow, ECRClient)
    assert_type(ecr.with_options(timeout=3, deadline=None, pool_timeout="timeout"), ECRClient)
    handle = ecr.repository("team/app").with_options(retry=RetryPolicy(max_attempts=1))
    assert_type(handle, RepositoryHandle)
    await slow.describe_registry()
    await ecr.aclose()


class Tenant(ECRClient):
    """``with_options`` and ``async with`` keep a subclass."""

    async def own(self) -> Tenant:
        async with self.with_options(CallOptions()) as same:
            return assert_type(same, Tenant)


class Vault:
    """A credentials provider that the user wrote."""

    async def get(self) -> Credentials:
        return Credentials("AKIDEXAMPLE", "secret")

    async def invalidate(self) -> None: ...


VAULT: CredentialsProvider = Vault()


class ReadOnlyCredentials(NamedTuple):
    """The shape of botocore's frozen credentials in the stubs of boto3 and botocore."""

    access_key: str | None
    secret_key: str | None
    token: str | None
    account_id: str | None


class BotocoreCredentialsStub:
    """The shape of botocore's credentials in the stubs."""

    access_key: str
    secret_key: str
    token: str | None

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return ReadOnlyCredentials("AKIDEXAMPLE", "secret", None, None)


class SessionStub:
    """The shape of ``boto3.Session`` and of botocore's session in the stubs."""

    def get_credentials(self) -> BotocoreCredentialsStub | None:
        return BotocoreCredentialsStub()


class AioSessionStub:
    """The shape of aiobotocore's session in the stubs."""

    async def get_credentials(self) -> BotocoreCredentialsStub | None:
        return BotocoreCredentialsStub()


def sessions(untyped: Any) -> list[ECRClient]:
    session = SessionStub()
    found = session.get_credentials()
    assert found is not None
    BotocoreCredentials(session)
    BotocoreCredentials(found.get_frozen_credentials(), timeout=5)
    return [
        ECRClient(credentials=session),
        ECRClient(credentials=AioSessionStub()),
        ECRClient(credentials=found),
        ECRClient(credentials=session.get_credentials()),
        ECRClient(credentials=found.get_frozen_credentials()),
        ECRClient(credentials=untyped),
    ]


FROM_VAULT = ECRClient(credentials=Vault())

# -- transports and middleware --------------------------------------------------------------------


class Recording(httpx.AsyncBaseTransport):
    """A transport that the user wrote."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await self.inner.handle_async_request(request)


def respond(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={}, request=request)


OFFLINE = ECRClient(region="eu-west-1", transport=Recording(httpx.MockTransport(respond)))


async def log_status(request: httpx.Request, call_next: CallNext) -> httpx.Response:
    response = await call_next(request)
    print(response.status_code)
    return response


class Timed:
    """A middleware may be any callable with this signature."""

    async def __call__(self, request: httpx.Request, call_next: CallNext) -> httpx.Response:
        return await call_next(request)


LAYERS: Sequence[Middleware] = (log_status, Timed())
LAYERED = ECRClient(middleware=LAYERS)

# -- calls ----------------------------------------------------------------------------------------


async def create(ecr: ECRClient) -> Repository:
    made = await ecr.create_repository(
        repository_name=REPOSITORY,
        tags=[Tag(key="env", value="prod"), {"key": "owner", "value": "me"}],
        image_scanning_configuration={"scan_on_push": True},
        encryption_configuration=EncryptionConfiguration(encryption_type="KMS", kms_key="alias/a"),
        image_tag_mutability="IMMUTABLE",
        registry_id=None,
    )
    assert_type(made, CreateRepositoryResponse)
    assert_type(made.repository, Repository)
    assert_type(made.repository.repository_uri, str)
    assert_type(made.repository.created_at, datetime)
    assert_type(made.repository.image_tag_mutability, ImageTagMutability)
    assert_type(made.repository.image_scanning_configuration, ImageScanningConfiguration | None)
    assert_type(made.response_metadata, ResponseMetadata)
    assert_type(made.response_metadata.request_id, str | None)
    assert_type(made.response_metadata.status, int)
    assert_type(made.response_metadata.headers, Mapping[str, str])
    assert_type(made.response_metadata.attempts, int)
    assert_type(made.response_metadata.elapsed, float)
    return made.repository


async def members_that_were_gathered(ecr: ECRClient, tags: Mapping[str, str]) -> None:
    models = [Tag(key=key, value=value) for key, value in tags.items()]
    dicts: list[TagParam] = [{"key": key, "value": value} for key, value in tags.items()]
    arn = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app"
    tagged = await ecr.tag_resource(resource_arn=arn, tags=models)
    assert_type(tagged, TagResourceResponse)
    await ecr.tag_resource(resource_arn=arn, tags=dicts)
    await ecr.tag_resource(resource_arn=arn, tags=(*models, *dicts))
    await ecr.untag_resource(resource_arn=arn, tag_keys=tuple(tags))
    everything = await ecr.list_tags_for_resource(resource_arn=arn)
    assert_type(everything.tags, list[Tag])


async def members_of_a_response_as_arguments(ecr: ECRClient) -> None:
    """Operations accept the members of other operations' responses."""
    page = await ecr.list_images(repository_name=REPOSITORY, filter={"tag_status": "UNTAGGED"})
    deleted = await ecr.batch_delete_image(
        repository_name=REPOSITORY, image_ids=[*page.image_ids, {"image_tag": "old"}]
    )
    assert_type(deleted.image_ids, list[ImageIdentifier])
    assert_type(deleted.failures, list[ImageFailure])
    for failure in deleted.failures:
        assert_type(failure.image_id, ImageIdentifier)
        assert_type(failure.image_id.image_digest, str | None)
        assert_type(failure.failure_reason, str | None)


async def items_of_a_response_as_arguments(ecr: ECRClient) -> None:
    """An image of a response identifies the image in a request."""
    details = await ecr.describe_images(repository_name=REPOSITORY).collect()
    assert_type(details[0].image_id, ImageIdentifier)
    await ecr.delete_images(repository_name=REPOSITORY, image_ids=details)
    await ecr.get_images(
        repository_name=REPOSITORY, image_ids=ecr.describe_images(repository_name=REPOSITORY)
    )
    mixed: list[ImageIdentifierLike] = [details[0], ImageIdentifier(), {"image_tag": "v1"}]
    await ecr.batch_get_image(repository_name=REPOSITORY, image_ids=mixed)
    await ecr.describe_images(
        repository_name=REPOSITORY, image_ids=[details[0], ImageIdentifier(), {"image_tag": "v1"}]
    )
    await ecr.repository(REPOSITORY).wait_until_image_scan_complete(
        image_id=details[0], max_wait=60
    )
    async for referrer in ecr.list_image_referrers(
        repository_name=REPOSITORY, subject_id=details[0]
    ):
        assert_type(referrer.image_id, ImageIdentifier)


async def structures_in_structures(ecr: ECRClient) -> None:
    rule: ReplicationRuleParam = {
        "destinations": [{"region": "eu-west-2", "registry_id": "123456789012"}],
        "repository_filters": [{"filter": "team/", "filter_type": "PREFIX_MATCH"}],
    }
    put = await ecr.put_replication_configuration(replication_configuration={"rules": [rule]})
    assert_type(put.replication_configuration, ReplicationConfiguration)
    assert_type(put.replication_configuration.rules, list[ReplicationRule])
    await ecr.put_replication_configuration(
        replication_configuration=ReplicationConfiguration(
            rules=put.replication_configuration.rules
        )
    )
    scanning = await ecr.put_registry_scanning_configuration(
        scan_type="ENHANCED",
        rules=[
            {
                "scan_frequency": "CONTINUOUS_SCAN",
                "repository_filters": [{"filter": "*", "filter_type": "WILDCARD"}],
            }
        ],
    )
    assert_type(scanning.registry_scanning_configuration.rules, list[RegistryScanningRule])


async def push(ecr: ECRClient, layer: bytes, manifest: str) -> str:
    upload = await ecr.initiate_layer_upload(repository_name=REPOSITORY)
    assert_type(upload.upload_id, str)
    assert_type(upload.part_size, int)
    part = await ecr.upload_layer_part(
        repository_name=REPOSITORY,
        upload_id=upload.upload_id,
        part_first_byte=0,
        part_last_byte=len(layer) - 1,
        layer_part_blob=layer,
    )
    assert_type(part.last_byte_received, int)
    pushed = await ecr.put_image(repository_name=REPOSITORY, image_manifest=manifest)
    return assert_type(pushed.image.image_manifest, str)


async def from_a_reference(ecr: ECRClient, text: str) -> None:
    reference = ImageReference.parse(text)
    assert_type(reference.tag, str | None)
    assert_type(reference.registry, RegistryHost)
    images = await ecr.repository(
        reference.repository_name, reference.registry.account_id
    ).batch_get_image(image_ids=[reference.image_id])
    assert_type(images, BatchGetImageResponse)


async def helpers(ecr: ECRClient) -> str:
    login = await ecr.registry_credentials("123456789012")
    assert_type(login.expires_at, datetime)
    assert_type(login.docker_config(), str)
    assert_type(await ecr.latest_images(REPOSITORY, 3, tag_pattern="v*"), list[ImageDetail])
    return login.password.get_secret_value()


async def on_one_repository(ecr: ECRClient) -> None:
    repository = ecr.repository(REPOSITORY)
    assert_type(repository, RepositoryHandle)
    assert_type(await repository.put_image(image_manifest="{}"), PutImageResponse)
    async for image in repository.describe_images(filter={"tag_status": "TAGGED"}):
        assert_type(image, ImageDetail)
    assert_type(await repository.latest_images(), list[ImageDetail])
    done = await repository.wait_until_image_scan_complete(image_id=ImageIdentifier(), max_wait=60)
    assert_type(done, DescribeImageScanFindingsResponse)


async def login(ecr: ECRClient) -> tuple[str, datetime]:
    for data in (await ecr.get_authorization_token()).authorization_data:
        assert_type(data.proxy_endpoint, str)
        return data.authorization_token, data.expires_at
    raise LookupError


# -- open enums -----------------------------------------------------------------------------------


async def known_and_unknown_values(ecr: ECRClient, read: str) -> None:
    known: ImageTagMutability = "MUTABLE"
    unknown: ImageTagMutability = "NOT_KNOWN_YET"
    narrow: Literal["MUTABLE", "IMMUTABLE"] = "MUTABLE"
    for value in (known, unknown, narrow, read, "NEITHER"):
        await ecr.put_image_tag_mutability(repository_name=REPOSITORY, image_tag_mutability=value)
    template = await ecr.create_repository_creation_template(
        prefix="ROOT", applied_for=["REPLICATION", "SOMETHING_NEW", read]
    )
    assert_type(template.repository_creation_template, RepositoryCreationTemplate)


def severity(counts: dict[FindingSeverity, int]) -> int:
    return counts.get("CRITICAL", 0) + counts.get("WORSE_STILL", 0)


def is_over(status: ScanStatus) -> bool:
    match status:
        case "COMPLETE" | "ACTIVE" | "FAILED":
            return True
        case _:
            plain: str = status
            return plain.isupper()


# -- pages and items ------------------------------------------------------------------------------


async def one_page(ecr: ECRClient) -> str | None:
    page = await ecr.list_images(repository_name=REPOSITORY, max_results=50)
    assert_type(page, ListImagesResponse)
    assert_type(page.image_ids, list[ImageIdentifier])
    return assert_type(page.next_token, str | None)


async def items_and_pages(ecr: ECRClient) -> None:
    images = ecr.describe_images(repository_name=REPOSITORY)
    assert_type(images, Paginator[DescribeImagesResponse, ImageDetail])
    async for image in images:
        assert_type(image, ImageDetail)
        assert_type(image.image_tags, list[str])
        assert_type(image.image_size_in_bytes, int | None)
        assert_type(image.image_pushed_at, datetime)
    assert_type(images.pages(), AsyncIterator[DescribeImagesResponse])
    async for page in images.pages():
        assert_type(page, DescribeImagesResponse)
        assert_type(page.image_details, list[ImageDetail])
    assert_type(await images, DescribeImagesResponse)
    assert_type(await images.collect(), list[ImageDetail])
    assert_type(await images.collect(limit=200), list[ImageDetail])
    assert_type(await images.first(), ImageDetail | None)
    assert_type([image.image_digest async for image in images], list[str])


async def calls_as_coroutines(ecr: ECRClient, image_ids: Sequence[ImageIdentifierParam]) -> None:
    describe = partial(ecr.describe_images, repository_name=REPOSITORY)
    delete = partial(ecr.delete_images, repository_name=REPOSITORY, image_ids=image_ids)
    call: Coroutine[Any, Any, DescribeImagesResponse] = ecr.describe_images(
        repository_name=REPOSITORY
    )
    assert_type(await call, DescribeImagesResponse)
    assert_type(asyncio.create_task(describe()), asyncio.Task[DescribeImagesResponse])
    assert_type(asyncio.create_task(delete()), asyncio.Task[list[ImageIdentifier]])
    async with asyncio.TaskGroup() as tasks:
        page = tasks.create_task(describe())
        deleted = tasks.create_task(delete())
    assert_type(page.result(), DescribeImagesResponse)
    assert_type(deleted.result(), list[ImageIdentifier])
    assert_type(await asyncio.wait_for(describe(), 5), DescribeImagesResponse)
    async with anyio.create_task_group() as group:
        group.start_soon(describe)
        group.start_soon(delete)


def calls_as_programs(ecr: ECRClient) -> None:
    describe = partial(ecr.describe_images, repository_name=REPOSITORY)
    assert_type(asyncio.run(describe()), DescribeImagesResponse)
    assert_type(anyio.run(describe), DescribeImagesResponse)
    assert_type(trio.run(describe), DescribeImagesResponse)


async def both_kinds_of_findings(ecr: ECRClient) -> None:
    findings = ecr.describe_image_scan_findings(
        repository_name=REPOSITORY, image_id=ImageIdentifier(image_tag="v1")
    )
    async for finding in findings:
        assert_type(finding, ImageScanFinding | EnhancedImageScanFinding)
        assert_type(finding.severity, str)
        match finding:
            case ImageScanFinding(name=name):
                assert_type(name, str)
            case EnhancedImageScanFinding(finding_arn=arn):
                assert_type(arn, str)
            case _:
                assert_never(finding)
    page = await findings
    assert_type(page, DescribeImageScanFindingsResponse)
    assert_type(page.image_scan_findings, ImageScanFindings | None)
    if page.image_scan_findings:
        assert_type(page.image_scan_findings.finding_severity_counts, dict[FindingSeverity, int])
        assert_type(page.image_scan_findings.enhanced_findings, list[EnhancedImageScanFinding])


async def every_paginated_operation(ecr: ECRClient) -> None:
    assert_type(
        ecr.describe_pull_through_cache_rules(),
        Paginator[DescribePullThroughCacheRulesResponse, PullThroughCacheRule],
    )
    assert_type(
        ecr.describe_replication_backfill_results(
            replication_backfill_id="01234567-89ab-cdef-0123-456789abcdef"
        ),
        Paginator[DescribeReplicationBackfillResultsResponse, ReplicationBackfillResult],
    )
    assert_type(ecr.describe_repositories(), Paginator[DescribeRepositoriesResponse, Repository])
    assert_type(
        ecr.describe_repository_creation_templates(),
        Paginator[DescribeRepositoryCreationTemplatesResponse, RepositoryCreationTemplate],
    )
    assert_type(
        ecr.get_lifecycle_policy_preview(repository_name=REPOSITORY),
        Paginator[GetLifecyclePolicyPreviewResponse, LifecyclePolicyPreviewResult],
    )
    assert_type(
        ecr.list_image_referrers(
            repository_name=REPOSITORY, subject_id={"image_digest": "sha256:abc"}
        ),
        Paginator[ListImageReferrersResponse, ImageReferrer],
    )
    assert_type(
        ecr.list_images(repository_name=REPOSITORY), Paginator[ListImagesResponse, ImageIdentifier]
    )
    assert_type(
        ecr.list_pull_time_update_exclusions(),
        Paginator[ListPullTimeUpdateExclusionsResponse, str],
    )
    assert_type(
        ecr.list_replication_backfills(),
        Paginator[ListReplicationBackfillsResponse, ReplicationBackfillSummary],
    )


# -- requests as models ---------------------------------------------------------------------------


async def any_number_of_ids(ecr: ECRClient, digests: AsyncIterator[str]) -> None:
    ids: list[ImageIdentifier | ImageIdentifierParam] = [{"image_tag": "v1"}]
    images = ecr.get_images(repository_name=REPOSITORY, image_ids=ids)
    assert_type(images, Batches[Image, ImageFailure])
    assert_type(await images, list[Image])
    result = await images.settled(concurrency=8)
    assert_type(result, BatchResult[Image, ImageFailure])
    for failure in result.failures:
        assert_type(failure.failure, ImageFailure)
        assert_type(failure.code, str)
    async with images.stream(ordered=False) as stream:
        async for image in stream:
            assert_type(image, Image)
    layers = ecr.repository(REPOSITORY).check_layers(layer_digests=digests)
    assert_type(await layers, list[Layer])
    answer = await ecr.batch_get_image(repository_name=REPOSITORY, image_ids=ids)
    assert_type(answer.raise_for_failures(), BatchGetImageResponse)
    try:
        await ecr.delete_images(repository_name=REPOSITORY, image_ids=(i for i in ids))
    except BatchError as error:
        assert_type(error.message, str)


async def invoked(ecr: ECRClient) -> None:
    typed = await ecr.invoke(ListImagesRequest(repository_name=REPOSITORY, max_results=10))
    assert_type(typed, ListImagesResponse)
    raw = await ecr.invoke_raw(CreateRepositoryRequest(repository_name=REPOSITORY, tags=[]))
    assert_type(raw, RawResponse[CreateRepositoryResponse])
    assert_type(raw.parse(), CreateRepositoryResponse)
    assert_type(raw.status, int)
    assert_type(raw.headers, Mapping[str, str])
    assert_type(raw.content, bytes)
    request = BatchGetImageRequest(
        repository_name=REPOSITORY, image_ids=[ImageIdentifier(image_digest="sha256:abc")]
    )
    assert_type((await ecr.invoke(request)).images[0].image_id.image_tag, str | None)


# -- waiting --------------------------------------------------------------------------------------


async def scanned(ecr: ECRClient, image: ImageIdentifierParam) -> ImageScanFindings | None:
    try:
        done = await ecr.wait_until_image_scan_complete(
            repository_name=REPOSITORY, image_id=image, max_wait=300
        )
    except WaiterTimeoutError as error:
        assert_type(error.waiter, str)
        print(error.last_response.response_metadata.status if error.last_response else "nothing")
        raise
    except WaiterFailureError as error:
        assert_type(error.reason, str)
        waiter_error: WaiterError = error
        raise waiter_error from None
    return assert_type(done, DescribeImageScanFindingsResponse).image_scan_findings


async def watched(ecr: ECRClient, image: ImageIdentifierParam) -> None:
    def show(poll: Poll[DescribeImageScanFindingsResponse]) -> None:
        assert_type(poll.response, DescribeImageScanFindingsResponse | None)

    await ecr.wait_until_image_scan_complete(
        repository_name=REPOSITORY, image_id=image, max_wait=300, on_poll=show
    )


async def custom_waits(ecr: ECRClient) -> None:
    page = await ecr.wait_until(
        lambda: ecr.describe_images(repository_name=REPOSITORY),
        lambda page: page.image_details[0].image_status == "ACTIVE",
        max_wait=300,
        retry_errors=(RepositoryNotFoundException,),
    )
    assert_type(page, DescribeImagesResponse)
    images = await ecr.wait_until(
        lambda: ecr.describe_images(repository_name=REPOSITORY).collect(), bool, max_wait=300
    )
    assert_type(images, list[ImageDetail])


async def prefetched(ecr: ECRClient) -> None:
    async with ecr.describe_images(repository_name=REPOSITORY).prefetch(2) as ahead:
        assert_type(ahead, PrefetchingPaginator[DescribeImagesResponse, ImageDetail])
        async for image in ahead:
            assert_type(image, ImageDetail)
        async for page in ahead.pages():
            assert_type(page, DescribeImagesResponse)
        assert_type(await ahead.first(), ImageDetail | None)
        assert_type(await ahead.collect(3), list[ImageDetail])


async def previewed(ecr: ECRClient) -> GetLifecyclePolicyPreviewResponse:
    return await ecr.wait_until_lifecycle_policy_preview_complete(
        repository_name=REPOSITORY, filter={"tag_status": "TAGGED"}, max_wait=12.5
    )


# -- policies and findings ------------------------------------------------------------------------


async def policies(ecr: ECRClient) -> str:
    rule = assert_type(keep_last(10, tags=["v*"], description="Releases"), LifecycleRule)
    policy = assert_type(
        LifecyclePolicy.of(rule, expire_after(14, tags="untagged")), LifecyclePolicy
    )
    texts: list[str | Mapping[str, object] | LifecyclePolicy] = [policy, {"rules": []}, "{}"]
    for text in texts:
        await ecr.put_lifecycle_policy(repository_name=REPOSITORY, lifecycle_policy_text=text)
    await ecr.repository(REPOSITORY).set_repository_policy(policy_text={"Statement": []})
    held = await ecr.get_lifecycle_policy(repository_name=REPOSITORY)
    return assert_type(held.lifecycle_policy_text, str)


async def previews(ecr: ECRClient, policy: LifecyclePolicy) -> bool:
    details = await ecr.describe_images(repository_name=REPOSITORY).collect()
    offline = assert_type(policy.preview(details), LifecyclePreview)
    assert_type(policy.preview([{"image_digest": "sha256:0"}]).expiring, tuple[ImageOutcome, ...])
    assert_type(policy.lint(details), tuple[LintFinding, ...])
    compared = await ecr.images(REPOSITORY).preview(policy, compare_with_service=True)
    assert_type(compared, LifecyclePreview)
    return len(offline.undetermined) == 0 and compared.service is not None


async def severe(ecr: ECRClient) -> list[AffectedPackage]:
    packages: list[AffectedPackage] = []
    async for found in ecr.describe_image_scan_findings(
        repository_name=REPOSITORY, image_id={"image_tag": "v1"}
    ):
        finding = assert_type(Finding.of(found), Finding)
        if finding.is_at_least("HIGH"):
            packages.extend(finding.packages)
    return packages


# -- errors ---------------------------------------------------------------------------------------


async def errors(ecr: ECRClient) -> int | None:
    try:
        await ecr.delete_repository(repository_name=REPOSITORY, force=True)
    except InvalidLayerPartException as error:
        assert_type(error.registry_id, str | None)
        return assert_type(error.last_valid_byte_received, int | None)
    except KmsException as error:
        assert_type(error.kms_error, str | None)
    except (RepositoryNotFoundException, RepositoryNotEmptyException) as error:
        assert_type(error.code, str)
        assert_type(error.message, str)
        service_error: ServiceError = error
        assert_type(service_error.request_id, str | None)
    except ServiceError as error:
        assert_type(error.status, int)
        assert_type(error.operation, str)
        assert_type(error.attempts, int)
        assert_type(error.is_throttling, bool)
        assert_type(error.is_retryable, bool)
    except RequestValidationError as error:
        for problem in error.problems:
            assert_type(problem.member, str)
        value_error: ValueError = error
        raise value_error from None
    except TransportError as error:
        assert_type(error.attempts, int)
    except ECRClientError as error:
        raise SystemExit(str(error)) from error
    return None


# -- tests ----------------------------------------------------------------------------------------


def faulty(memory: InMemoryECR) -> None:
    memory.faults.error(RepositoryNotFoundException, "gone", times=2)
    memory.faults.error("SlowDown", status=503, operation=LIST_IMAGES)
    memory.faults.drop(executed=True, when=lambda call: b"v1" in call.body)
    memory.faults.clock_offset(timedelta(minutes=20)).remove()
    with memory.faults.latency(0.5, times=None) as fault:
        assert_type(repr(fault), str)
    assert_type(memory.calls[-1].operation, str)
    assert_type(memory.calls[-3:], list[Call])
    assert_type(memory.calls.of(LIST_IMAGES)[0].status, int | None)


async def served(memory: InMemoryECR) -> str:
    memory.save("state.json")
    restored = InMemoryECR.load("state.json", credentials=[Credentials("AKIDEXAMPLE", "secret")])
    with restored.serve(port=5001) as server:
        assert_type(server.environment(), dict[str, str])
    async with memory.serve() as server:
        return server.url


def stubbed(response: ListImagesResponse) -> None:
    with StubTransport() as stub:
        stub.respond(LIST_IMAGES, response)
        stub.respond(BATCH_GET_IMAGE, BatchGetImageResponse(images=[], failures=[]))
        stub.fail(KmsException, "no key")
        stub.fail(httpx.ReadTimeout("slow"), operation="ListImages")
        assert_type(stub.client(), ECRClient)
