"""A user's mistakes: both type checkers report the line under each mark, and no other line.

A mark is a comment that begins with ``E:``. It describes the mistake and lists the error code of
each checker; a dash means that the checker does not find the mistake, for the reason in the mark.
The file is checked but not run.
"""

from __future__ import annotations

import httpx

import ecrclient.errors
import ecrclient.params
from ecrclient import (
    BotocoreCredentials,
    CallNext,
    CallOptions,
    Credentials,
    ECRClient,
    RetryPolicy,
    ServiceError,
    WaiterTimeoutError,
)
from ecrclient.errors import InvalidLayerPartException, RepositoryNotFoundException
from ecrclient.findings import Finding
from ecrclient.lifecycle import LifecyclePolicy, keep_last
from ecrclient.models import (
    CreateRepositoryRequest,
    Image,
    ImageDetail,
    ImageIdentifier,
    ImageScanFinding,
    ListImagesRequest,
    ListImagesResponse,
    Tag,
)
from ecrclient.operations import DESCRIBE_IMAGES, LIST_IMAGES
from ecrclient.params import ReplicationRuleParam, TagParam
from ecrclient.testing import InMemoryECR, StubTransport

NAME = "team/app"
ARN = "arn:aws:ecr:eu-west-1:123456789012:repository/team/app"


# -- arguments ------------------------------------------------------------------------------------


async def arguments(ecr: ECRClient, image: Image, manifest: bytes, maybe: str | None) -> None:
    # E: a misspelt member [mypy: call-arg, pyright: reportCallIssue]
    await ecr.describe_registry(registry="123456789012")

    # E: a member by its name on the wire [mypy: call-arg, pyright: reportCallIssue]
    await ecr.delete_repository(repositoryName=NAME)

    # E: a member of another operation [mypy: call-arg, pyright: reportCallIssue]
    await ecr.delete_lifecycle_policy(repository_name=NAME, force=True)

    # E: a required member is missing [mypy: call-arg, pyright: reportCallIssue]
    await ecr.create_repository()

    # E: one of two required members is missing [mypy: call-arg, pyright: reportCallIssue]
    await ecr.start_image_scan(repository_name=NAME)

    # E: a positional argument [mypy: call-arg, pyright: reportCallIssue]
    await ecr.delete_repository_policy(NAME)

    # E: a number for a string [mypy: arg-type, pyright: reportArgumentType]
    await ecr.create_repository(repository_name=7)

    # E: a string for a flag [mypy: arg-type, pyright: reportArgumentType]
    await ecr.delete_repository(repository_name=NAME, force="yes")

    # E: a string for a number [mypy: arg-type, pyright: reportArgumentType]
    ecr.list_images(repository_name=NAME, max_results="50")

    # E: None for a required member [mypy: arg-type, pyright: reportArgumentType]
    await ecr.delete_repository(repository_name=None)

    # E: a value that may be None for a required one [mypy: arg-type, pyright: reportArgumentType]
    await ecr.delete_repository(repository_name=maybe)

    # E: one item for a list [mypy: arg-type, pyright: reportArgumentType]
    await ecr.tag_resource(resource_arn=ARN, tags=Tag(key="env", value="prod"))

    # E: a list of other models [mypy: list-item, pyright: reportArgumentType]
    await ecr.tag_resource(resource_arn=ARN, tags=[ImageIdentifier(image_tag="v1")])

    # E: an image, which may mean its tag [mypy: arg-type, pyright: reportArgumentType]
    await ecr.start_image_scan(repository_name=NAME, image_id=image)

    # E: a map for a list of key and value [mypy: arg-type, pyright: reportArgumentType]
    await ecr.tag_resource(resource_arn=ARN, tags={"env": "prod"})

    # E: a number for an open enum [mypy: arg-type, pyright: reportArgumentType]
    await ecr.put_image_tag_mutability(repository_name=NAME, image_tag_mutability=True)

    # E: a misspelt method [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    await ecr.describe_repository(repository_name=NAME)

    # E: bytes for a string [mypy: arg-type, pyright: reportArgumentType]
    await ecr.put_image(repository_name=NAME, image_manifest=manifest)

    # E: a wait without an end [mypy: call-arg, pyright: reportCallIssue]
    await ecr.wait_until_lifecycle_policy_preview_complete(repository_name=NAME)

    # E: the member that the handle fills in [mypy: call-arg, pyright: reportCallIssue]
    await ecr.repository(NAME).put_image(repository_name=NAME, image_manifest="{}")

    # E: a password is not a string [mypy: assignment, pyright: reportAssignmentType]
    password: str = (await ecr.registry_credentials()).password
    print(password)

    # E: a handle of a number [mypy: arg-type, pyright: reportArgumentType]
    ecr.repository(7)

    poll = ecr.describe_images(repository_name=NAME)
    # E: a name that a page lacks [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    await ecr.wait_until(lambda: poll, lambda page: bool(page.images), max_wait=9)

    # E: a custom wait without an end [mypy: call-arg, pyright: reportCallIssue]
    await ecr.wait_until(lambda: ecr.describe_images(repository_name=NAME), bool)

    # E: a prefetching paginator is not a page [mypy: misc, pyright: reportGeneralTypeIssues]
    await ecr.list_images(repository_name=NAME).prefetch()

    # E: one id for several [mypy: arg-type, pyright: reportArgumentType]
    ecr.get_images(repository_name=NAME, image_ids=ImageIdentifier(image_tag="v1"))

    # E: ids of another kind [mypy: list-item, pyright: reportArgumentType]
    ecr.delete_images(repository_name=NAME, image_ids=["v1"])

    put = await ecr.put_image(repository_name=NAME, image_manifest="{}")
    # E: a response without failures [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    put.raise_for_failures()


# -- nested dictionaries --------------------------------------------------------------------------


async def nested(ecr: ECRClient) -> None:
    # E: a misspelt key [mypy: list-item, pyright: reportArgumentType]
    await ecr.tag_resource(resource_arn=ARN, tags=[{"key": "env", "val": "prod"}])

    # E: a key by its name on the wire [mypy: list-item, pyright: reportArgumentType]
    await ecr.tag_resource(resource_arn=ARN, tags=[{"Key": "env", "Value": "prod"}])

    # E: a required key is missing [mypy: list-item, pyright: reportArgumentType]
    await ecr.tag_resource(resource_arn=ARN, tags=[{"key": "env"}])

    # E: a value of another type [mypy: list-item, pyright: reportArgumentType]
    await ecr.tag_resource(resource_arn=ARN, tags=[{"key": "env", "value": 1}])

    # E: one item of several is wrong [mypy: list-item, pyright: reportArgumentType]
    await ecr.tag_resource(resource_arn=ARN, tags=[Tag(key="a", value="b"), {"key": "c"}])

    # E: a misspelt key of a structure [mypy: arg-type, pyright: reportArgumentType]
    await ecr.start_image_scan(repository_name=NAME, image_id={"tag": "v1"})

    # E: a key of another structure [mypy: arg-type, pyright: reportArgumentType]
    ecr.list_images(repository_name=NAME, filter={"status": "TAGGED"})

    # E: a wrong value, two levels down [mypy: arg-type, pyright: reportArgumentType]
    await ecr.put_replication_configuration(replication_configuration={"rules": [{}]})

    # E: a required key is missing [mypy: typeddict-item, pyright: reportAssignmentType]
    tag: TagParam = {"key": "env"}

    # E: a rule without its list [mypy: typeddict-item, pyright: reportAssignmentType]
    rule: ReplicationRuleParam = {"repository_filters": []}

    # E: may be absent; mypy accepts it [mypy: -, pyright: reportTypedDictNotRequiredAccess]
    print(tag, rule["repository_filters"])


# -- models ---------------------------------------------------------------------------------------


async def models(ecr: ECRClient, image: ImageDetail) -> None:
    # E: a misspelt field [mypy: call-arg, pyright: reportCallIssue]
    print(Tag(key="env", val="prod"))

    # E: a field by its name on the wire [mypy: call-arg, pyright: reportCallIssue]
    print(ImageIdentifier(imageTag="v1"))

    # E: a required field is missing [mypy: call-arg, pyright: reportCallIssue]
    print(Tag(key="env"))

    # E: a positional field [mypy: call-arg, pyright: reportCallIssue]
    print(Tag("env", "prod"))

    # E: a field of another type [mypy: arg-type, pyright: reportArgumentType]
    print(ListImagesRequest(repository_name=NAME, max_results="all"))

    # E: a request without its required member [mypy: call-arg, pyright: reportCallIssue]
    print(CreateRepositoryRequest(image_tag_mutability="MUTABLE"))

    # E: a response is not a request [mypy: arg-type, pyright: reportArgumentType]
    await ecr.invoke(ListImagesResponse())

    # E: a method's name is not a request [mypy: arg-type, pyright: reportArgumentType]
    await ecr.invoke_raw("list_images")

    # E: a frozen field is assigned [mypy: misc, pyright: reportAttributeAccessIssue]
    image.image_digest = "sha256:abc"


# -- responses ------------------------------------------------------------------------------------


async def responses(ecr: ECRClient) -> None:
    made = await ecr.create_repository(repository_name=NAME)

    # E: unknown member of a response [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(made.repo)

    # E: a member by its name on the wire [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(made.repository.repositoryUri)

    # E: an unknown member of a structure [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(made.repository.url)

    # E: a response is not a dictionary [mypy: index, pyright: reportIndexIssue]
    print(made["repository"])

    # E: it may be None [mypy: union-attr, pyright: reportOptionalMemberAccess]
    print(made.repository.image_scanning_configuration.scan_on_push)

    # E: unknown metadata [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(made.response_metadata.requestId)

    # E: it may be None [mypy: union-attr, pyright: reportOptionalMemberAccess]
    print(made.response_metadata.request_id.upper())

    # E: a time is not a string [mypy: operator, pyright: reportOperatorIssue]
    print("created at " + made.repository.created_at)

    # E: the call is not awaited [mypy: unused-coroutine, pyright: reportUnusedCoroutine]
    ecr.delete_repository(repository_name=NAME)

    # E: not awaited yet [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(ecr.create_repository(repository_name=NAME).repository)

    raw = await ecr.invoke_raw(ListImagesRequest(repository_name=NAME))

    # E: not parsed yet [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(raw.image_ids)

    # E: the parsed response cannot be awaited [mypy: misc, pyright: reportGeneralTypeIssues]
    print(await raw.parse())


# -- pages and items ------------------------------------------------------------------------------


async def pages(ecr: ECRClient) -> None:
    images = ecr.describe_images(repository_name=NAME)
    findings = ecr.describe_image_scan_findings(repository_name=NAME, image_id={"image_tag": "v1"})

    # E: a page is not a list of items [mypy: assignment, pyright: reportAssignmentType]
    page: list[ImageDetail] = await images

    # E: an unknown member of a page [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(page, (await images).images)

    async for image in images:
        # E: an unknown member of an item [mypy: attr-defined, pyright: reportAttributeAccessIssue]
        print(image.tags)

        # E: an item of another type [mypy: assignment, pyright: reportAssignmentType]
        identifier: ImageIdentifier = image
        print(identifier)

    async for each in images.pages():
        # E: a page is not an item [mypy: attr-defined, pyright: reportAttributeAccessIssue]
        print(each.image_digest)

    async for finding in findings:
        # E: only one kind of finding has it [mypy: union-attr, pyright: reportAttributeAccessIssue]
        print(finding.finding_arn)

        # E: a finding may be of the other kind [mypy: assignment, pyright: reportAssignmentType]
        basic: ImageScanFinding = finding
        print(basic)

    # E: items need async iteration [mypy: attr-defined, pyright: reportGeneralTypeIssues]
    print([image.image_digest for image in images])

    # E: pages need async iteration [mypy: call-overload, pyright: reportArgumentType]
    print(list(images.pages()))

    # E: all pages cannot be awaited [mypy: misc, pyright: reportGeneralTypeIssues]
    print(await images.pages())

    # E: a string for a limit [mypy: arg-type, pyright: reportArgumentType]
    print(await images.collect(limit="200"))

    # E: there may be no first item [mypy: union-attr, pyright: reportOptionalMemberAccess]
    print((await images.first()).image_digest)

    # E: an operation without pages [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(ecr.describe_registry().pages())


# -- the client and its options -------------------------------------------------------------------


async def no_response(request: httpx.Request, call_next: CallNext) -> None:
    await call_next(request)


def not_async(request: httpx.Request, call_next: CallNext) -> httpx.Response:
    return httpx.Response(200, request=request)


def client(ecr: ECRClient) -> None:
    # E: a positional region [mypy: call-arg, pyright: reportCallIssue]
    ECRClient("eu-west-1")

    # E: boto's name for the region [mypy: call-arg, pyright: reportCallIssue]
    ECRClient(region_name="eu-west-1")

    # E: a string for credentials [mypy: arg-type, pyright: reportArgumentType]
    ECRClient(credentials="AKIDEXAMPLE")

    # E: a dictionary for credentials [mypy: arg-type, pyright: reportArgumentType]
    ECRClient(credentials={"access_key": "AKIDEXAMPLE"})

    # E: a profile for a session [mypy: arg-type, pyright: reportArgumentType]
    BotocoreCredentials("dev")

    # E: half an access key [mypy: call-arg, pyright: reportCallIssue]
    Credentials("AKIDEXAMPLE")

    # E: a client for a transport [mypy: arg-type, pyright: reportArgumentType]
    ECRClient(transport=httpx.AsyncClient())

    # E: a transport that blocks [mypy: arg-type, pyright: reportArgumentType]
    ECRClient(transport=httpx.HTTPTransport())

    # E: a middleware that returns nothing [mypy: list-item, pyright: reportArgumentType]
    ECRClient(middleware=[no_response])

    # E: a middleware that is not async [mypy: list-item, pyright: reportArgumentType]
    ECRClient(middleware=[not_async])

    # E: a policy is not an option [mypy: arg-type, pyright: reportArgumentType]
    ecr.with_options(RetryPolicy(max_attempts=1))

    # E: an unknown option [mypy: call-arg, pyright: reportCallIssue]
    CallOptions(read_timeout=10)

    # E: an unknown keyword [mypy: call-arg, pyright: reportCallIssue]
    ecr.with_options(read_timeout=10)

    # E: a keyword of the wrong type [mypy: arg-type, pyright: reportArgumentType]
    ecr.repository("team/app").with_options(timeout="10s")

    # E: a string for seconds [mypy: arg-type, pyright: reportArgumentType]
    CallOptions(timeout="10s")

    # E: a number for a policy [mypy: arg-type, pyright: reportArgumentType]
    CallOptions(retry=3)

    # E: half an attempt [mypy: arg-type, pyright: reportArgumentType]
    RetryPolicy(max_attempts=2.5)

    # E: an option of a frozen policy is assigned [mypy: misc, pyright: reportAttributeAccessIssue]
    RetryPolicy().max_attempts = 5

    # E: with without async [mypy: attr-defined, pyright: reportGeneralTypeIssues]
    with ECRClient():
        pass


# -- policies and findings ------------------------------------------------------------------------


async def policies(ecr: ECRClient) -> None:
    # E: a policy is not a list of rules [mypy: arg-type, pyright: reportArgumentType]
    await ecr.put_lifecycle_policy(repository_name=NAME, lifecycle_policy_text=[{"rules": 1}])

    # E: a rule without tags [mypy: call-arg, pyright: reportCallIssue]
    keep_last(10)

    # E: rules, not a list of them [mypy: arg-type, pyright: reportArgumentType]
    LifecyclePolicy.of([keep_last(10, tags="any")])


def severe(finding: Finding) -> bool:
    # E: an unknown severity [mypy: arg-type, pyright: reportArgumentType]
    return finding.is_at_least("SEVERE")


# -- errors ---------------------------------------------------------------------------------------


async def errors(ecr: ECRClient) -> None:
    try:
        await ecr.describe_registry()
    except RepositoryNotFoundException as error:
        # E: boto's way to read an error [mypy: attr-defined, pyright: reportAttributeAccessIssue]
        print(error.response)
    except InvalidLayerPartException as error:
        # E: it may be None [mypy: operator, pyright: reportOptionalOperand]
        print(error.last_valid_byte_received + 1)

        # E: the type of an error's member [mypy: assignment, pyright: reportAssignmentType]
        upload: int | None = error.upload_id
        print(upload)
    except ServiceError as error:
        # E: not every error has it [mypy: attr-defined, pyright: reportAttributeAccessIssue]
        print(error.last_valid_byte_received)
    except WaiterTimeoutError as error:
        # E: there may be no last response [mypy: union-attr, pyright: reportOptionalMemberAccess]
        print(error.last_response.response_metadata)


def modules() -> None:
    # E: an error that does not exist [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(ecrclient.errors.RepositoryGoneException)

    # E: its name is TagParam [mypy: attr-defined, pyright: reportAttributeAccessIssue]
    print(ecrclient.params.Tag)


# -- tests ----------------------------------------------------------------------------------------


def stubbed(stub: StubTransport, response: ListImagesResponse) -> None:
    # E: the response of another operation [mypy: misc, pyright: reportArgumentType]
    stub.respond(DESCRIBE_IMAGES, response)

    # E: a request for a response [mypy: misc, pyright: reportArgumentType]
    stub.respond(LIST_IMAGES, ListImagesRequest(repository_name=NAME))

    # E: a name for an operation [mypy: arg-type, pyright: reportArgumentType]
    stub.respond("ListImages", response)

    # E: an exception of Python [mypy: arg-type, pyright: reportArgumentType]
    stub.fail(TimeoutError())


def faulty(memory: InMemoryECR) -> None:
    # E: a number for a timedelta [mypy: arg-type, pyright: reportArgumentType]
    memory.faults.clock_offset(60)

    # E: a class that is not a service error [mypy: arg-type, pyright: reportArgumentType]
    memory.faults.error(ValueError)

    # E: a predicate of two arguments [mypy: arg-type, pyright: reportArgumentType]
    memory.faults.drop(when=lambda operation, request: True)

    # E: there may be no request model [mypy: union-attr, pyright: reportOptionalMemberAccess]
    print(memory.calls[-1].request.model_dump())
