"""The client keeps every promise of the spec, which an independent reader reads here.

Nothing of ``codegen`` is used: a reader of a few lines takes the endpoints out of the file, and the
names that the file does not have are written down by hand, from the descriptions.
"""

from __future__ import annotations

import base64
import collections.abc
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import botocore
import httpx
import pytest
from pydantic import BaseModel

from ecrclient import Batches, Credentials, ECRClient, Paginator, enums, models, params
from ecrclient._awsjson.protocol.scalars import SupportsJson

SPEC = Path(__file__).parents[2] / "codegen" / "spec" / "amazonaws-com-ecr.lap"

# In the order of the file; the names come from the descriptions of the blocks.
OPERATIONS = (
    "BatchCheckLayerAvailability",
    "BatchDeleteImage",
    "BatchGetImage",
    "BatchGetRepositoryScanningConfiguration",
    "CompleteLayerUpload",
    "CreatePullThroughCacheRule",
    "CreateRepository",
    "CreateRepositoryCreationTemplate",
    "DeleteLifecyclePolicy",
    "DeletePullThroughCacheRule",
    "DeleteRegistryPolicy",
    "DeleteRepository",
    "DeleteRepositoryCreationTemplate",
    "DeleteRepositoryPolicy",
    "DescribeImageReplicationStatus",
    "DescribeImageScanFindings",
    "DescribeImages",
    "DescribePullThroughCacheRules",
    "DescribeRegistry",
    "DescribeRepositories",
    "DescribeRepositoryCreationTemplates",
    "GetAccountSetting",
    "GetAuthorizationToken",
    "GetDownloadUrlForLayer",
    "GetLifecyclePolicy",
    "GetLifecyclePolicyPreview",
    "GetRegistryPolicy",
    "GetRegistryScanningConfiguration",
    "GetRepositoryPolicy",
    "InitiateLayerUpload",
    "ListImages",
    "ListTagsForResource",
    "PutAccountSetting",
    "PutImage",
    "PutImageScanningConfiguration",
    "PutImageTagMutability",
    "PutLifecyclePolicy",
    "PutRegistryPolicy",
    "PutRegistryScanningConfiguration",
    "PutReplicationConfiguration",
    "SetRepositoryPolicy",
    "StartImageScan",
    "StartLifecyclePolicyPreview",
    "TagResource",
    "UntagResource",
    "UpdatePullThroughCacheRule",
    "UpdateRepositoryCreationTemplate",
    "UploadLayerPart",
    "ValidatePullThroughCacheRule",
)

# What the service gained after the spec was compiled: docs/reference/spec-differences.md.
# Methods that make several calls.
BEYOND_OPERATIONS = {
    "check_layers",
    "delete_images",
    "get_images",
    "get_repository_scanning_configurations",
    "repository",
}
NEWER_OPERATIONS = {
    "DeleteSigningConfiguration",
    "DeregisterPullTimeUpdateExclusion",
    "DescribeImageSigningStatus",
    "DescribeReplicationBackfillResults",
    "GetSigningConfiguration",
    "ListImageReferrers",
    "ListPullTimeUpdateExclusions",
    "ListReplicationBackfills",
    "PutSigningConfiguration",
    "RegisterPullTimeUpdateExclusion",
    "StartReplicationBackfill",
    "StopReplicationBackfill",
    "UpdateImageStorageClass",
}
NEWER_INPUTS = {
    "CreatePullThroughCacheRule": {"customRoleArn", "upstreamRepositoryPrefix"},
    "CreateRepository": {"imageTagMutabilityExclusionFilters"},
    "CreateRepositoryCreationTemplate": {"imageTagMutabilityExclusionFilters"},
    "PutImageTagMutability": {"imageTagMutabilityExclusionFilters"},
    "UpdatePullThroughCacheRule": {"customRoleArn"},
    "UpdateRepositoryCreationTemplate": {"imageTagMutabilityExclusionFilters"},
}
NEWER_OUTPUTS = {
    "CreatePullThroughCacheRuleResponse": {"customRoleArn", "upstreamRepositoryPrefix"},
    "DeletePullThroughCacheRuleResponse": {"customRoleArn", "upstreamRepositoryPrefix"},
    "PutImageTagMutabilityResponse": {"imageTagMutabilityExclusionFilters"},
    "UpdatePullThroughCacheRuleResponse": {"customRoleArn", "upstreamRepositoryPrefix"},
    "ValidatePullThroughCacheRuleResponse": {"customRoleArn", "upstreamRepositoryPrefix"},
    "LifecyclePolicyPreviewSummary": {"transitioningImageTotalCounts"},
    "Repository": {"imageTagMutabilityExclusionFilters"},
    "RepositoryCreationTemplate": {"imageTagMutabilityExclusionFilters"},
}
# customRoleArn may take its place since then, so the service no longer requires it.
NO_LONGER_REQUIRED = {("UpdatePullThroughCacheRule", "credentialArn")}


# -- the reader -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kind:
    """A type: ``text`` is its spelling; a list or a map has its parts, a structure its body."""

    text: str
    nullable: bool = False
    item: Kind | None = None
    body: Members | None = None


Members = dict[str, Kind]


@dataclass(frozen=True)
class Block:
    """One ``@endpoint`` of the file."""

    name: str
    desc: str
    required: Members
    optional: Members
    returns: Members


_TOKENS = re.compile(r"map<\w+,\w+>|[A-Za-z]\w*(?:\(\w+\))?|[\[\]{}:,?]")


def read_members(text: str) -> Members:
    """``{a: str?, b: [Tag]}``."""
    tokens = _TOKENS.findall(text)
    assert "".join(tokens) == text.replace(" ", ""), f"not understood: {text}"
    members = _members(tokens)
    assert not tokens, f"left over: {tokens}"
    return members


def _members(tokens: list[str]) -> Members:
    assert tokens.pop(0) == "{"
    found: Members = {}
    while True:
        name, colon = tokens.pop(0), tokens.pop(0)
        assert colon == ":"
        assert name not in found
        found[name] = _kind(tokens)
        if tokens.pop(0) == "}":
            return found


def _kind(tokens: list[str]) -> Kind:
    text, item, body = tokens.pop(0), None, None
    if text == "[":
        item = _kind(tokens)
        text = f"[{item.text}]"
        assert tokens.pop(0) == "]"
    nullable = tokens[0] == "?"
    if nullable:
        tokens.pop(0)
    if tokens[0] == "{":
        body = _members(tokens)
    return Kind(text, nullable, item, body)


def read_blocks(text: str) -> list[Block]:
    """The endpoints with their names from the list above."""
    parts = re.split(r"^@endpoint POST /$", text, flags=re.MULTILINE)[1:]
    return [_block(name, part) for name, part in zip(OPERATIONS, parts, strict=True)]


def _block(name: str, part: str) -> Block:
    lines = dict(re.findall(r"^@(desc|required|optional|returns\(200\)) (.+)$", part, re.MULTILINE))
    written = [line for line in part.splitlines() if line and line != "@end"]
    assert len(lines) == len(written), f"a line of {name} was not understood"
    required, optional, returns = (
        read_members(lines[key]) if key in lines else {}
        for key in ("required", "optional", "returns(200)")
    )
    return Block(name, lines["desc"], required, optional, returns)


def every_kind(members: Members) -> Iterator[Kind]:
    """Every type that is spelled out, at any depth."""
    for kind in members.values():
        yield kind
        if kind.item:
            yield kind.item
        yield from every_kind(kind.body or {})


TEXT = SPEC.read_text(encoding="utf-8")
BLOCKS = read_blocks(TEXT)
each_block = pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)


# -- the file -------------------------------------------------------------------------------------


def test_the_file_has_the_stated_number_of_endpoints() -> None:
    assert re.findall(r"^@endpoints (\d+)$", TEXT, re.MULTILINE) == ["49"]
    assert re.findall(r"^@toc root\((\d+)\)$", TEXT, re.MULTILINE) == ["49"]
    assert TEXT.startswith("@lap v0.3\n")
    assert TEXT.endswith("\n@end\n")
    assert len(BLOCKS) == len(set(OPERATIONS)) == 49


def test_the_blocks_are_in_alphabetical_order() -> None:
    assert sorted(OPERATIONS) == list(OPERATIONS)


def test_all_bodies_of_a_type_are_equal() -> None:
    bodies: dict[str, Members] = {}
    named: set[str] = set()
    for block in BLOCKS:
        for members in (block.required, block.optional, block.returns):
            for kind in every_kind(members):
                if kind.text[0].isupper():
                    named.add(kind.text)
                if kind.body is not None:
                    assert bodies.setdefault(kind.text, kind.body) == kind.body
    assert len(bodies) == 12
    assert len(named) == 30


# -- the methods ----------------------------------------------------------------------------------


def snake(name: str) -> str:
    """botocore's spelling."""
    spelled: str = getattr(botocore, "xform_name")(name)  # noqa: B009 - botocore has no types
    return spelled


# What only type checkers import in the client's module.
NAMES = {
    **vars(collections.abc),
    **vars(enums),
    **vars(params),
    **{name: getattr(models, name) for name in models.__all__},
    "Batches": Batches,
    "Paginator": Paginator,
    "SupportsJson": SupportsJson,
    "datetime": datetime,
}


def method_of(block: Block) -> Any:
    return inspect.getattr_static(ECRClient, snake(block.name))


@each_block
def test_a_method_takes_exactly_the_members(block: Block) -> None:
    own, *given = inspect.signature(method_of(block)).parameters.values()
    assert own.name == "self"
    assert {parameter.kind for parameter in given} <= {inspect.Parameter.KEYWORD_ONLY}
    newer = {snake(name) for name in NEWER_INPUTS.get(block.name, ())}
    freed = {snake(name) for operation, name in NO_LONGER_REQUIRED if operation == block.name}
    required = {parameter.name for parameter in given if parameter.default is parameter.empty}
    optional = {parameter.name for parameter in given if parameter.default is None}
    assert len(given) == len(required) + len(optional)
    assert required == {snake(name) for name in block.required} - freed
    assert optional == {snake(name) for name in block.optional} | newer | freed


@each_block
def test_a_parameter_has_the_type_of_its_member(block: Block) -> None:
    hints = get_type_hints(method_of(block), NAMES)
    for name, kind in {**block.required, **block.optional}.items():
        left_out = name in block.optional or (block.name, name) in NO_LONGER_REQUIRED
        choices = alternatives(hints[snake(name)])
        assert (NoneType in choices) == left_out, name
        assert_accepts(kind, choices - {NoneType}, name)


def alternatives(hint: Any) -> set[Any]:
    """``A | B`` as a set; a plain type as a set of one. Known values of an open enum are not a type
    in addition to ``str``.
    """
    choices = set(get_args(hint)) if get_origin(hint) in (Union, UnionType) else {hint}
    literals = {choice for choice in choices if get_origin(choice) is Literal}
    assert not literals or str in choices, "an enum that is not open"
    return choices - literals


DOCUMENTS = {"lifecyclePolicy", "lifecyclePolicyText", "policyText", "repositoryPolicy"}
"""Strings that contain JSON documents, which may be passed as documents too."""

CONVERTED: dict[str, set[Any]] = {
    "ImageIdentifier": {
        models.ImageDetail,
        models.ImageReferrer,
        models.LifecyclePolicyPreviewResult,
    },
    "SubjectIdentifier": {models.ImageDetail},
}
"""The structures that may be passed in place of another one."""

SCALARS = {
    "str": str,
    "str(timestamp)": datetime,
    "int": int,
    "int(i64)": int,
    "bool": bool,
    "bytes": bytes,
}


def assert_accepts(kind: Kind, choices: set[Any], name: str) -> None:
    if kind.item:
        (sequence,) = choices
        assert get_origin(sequence) is Sequence, name
        assert_accepts(kind.item, alternatives(*get_args(sequence)), name)
    elif kind.text in SCALARS:
        documents = {Mapping[str, object], SupportsJson} if name in DOCUMENTS else set[Any]()
        assert choices == {SCALARS[kind.text]} | documents, name
    else:
        # A structure: the model, its typed dictionary, or what has it as an attribute.
        others = CONVERTED.get(kind.text, set[Any]())
        accepted = {getattr(models, kind.text), getattr(params, f"{kind.text}Param")} | others
        assert choices == accepted, name


@each_block
def test_the_return_type_is_the_operations_own(block: Block) -> None:
    method = method_of(block)
    response = getattr(models, f"{block.name}Response")
    returned = get_type_hints(method, NAMES)["return"]
    if "nextToken" in block.returns and "nextToken" in block.optional:
        assert not method.__code__.co_flags & inspect.CO_COROUTINE, "it is marked, not async def"
        assert get_origin(returned) is Paginator
        page, item = get_args(returned)
        assert page is response
        listed = [kind.item.text for kind in every_kind(block.returns) if kind.item]
        assert alternatives(item) == {getattr(models, text) for text in listed}
    else:
        assert inspect.iscoroutinefunction(method)
        assert returned is response


@each_block
def test_the_response_has_exactly_the_members(block: Block) -> None:
    assert_fields(getattr(models, f"{block.name}Response"), block.returns)


def assert_fields(model: type[BaseModel], members: Members) -> None:
    newer = NEWER_OUTPUTS.get(model.__name__, set())
    assert model.model_fields.keys() == {snake(name) for name in {*members, *newer}}
    hints = get_type_hints(model)
    for name, kind in members.items():
        choices = alternatives(hints[snake(name)])
        where = f"{model.__name__}.{name}"
        # A nullable member may be required; one that is not nullable must be.
        assert kind.nullable or NoneType not in choices, where
        (python,) = choices - {NoneType}
        assert_type(kind, python, where)


def assert_type(kind: Kind, python: Any, where: str) -> None:
    if kind.item:
        assert get_origin(python) is list, where
        (item,) = alternatives(*get_args(python))
        assert_type(kind.item, item, where)
    elif kind.text == "map<str,int>":
        assert get_origin(python) is dict, where
        assert [alternatives(part) for part in get_args(python)] == [{str}, {int}], where
    elif kind.text in SCALARS:
        assert python is SCALARS[kind.text], where
    else:
        assert python is getattr(models, kind.text), where
        if kind.body is not None:
            assert_fields(python, kind.body)


@each_block
def test_the_docstring_contains_the_description(block: Block) -> None:
    documented = " ".join((inspect.getdoc(method_of(block)) or "").split())
    summary, found, _ = documented.partition(" ".join(block.desc.split()))
    assert found
    # The overlay has a first sentence for some.
    assert not summary or (summary.endswith(". ") and summary.count(". ") == 1)


def test_the_docstring_of_a_newer_method_says_that_it_is_not_in_the_spec() -> None:
    documented = {
        name: inspect.getdoc(method) or ""
        for name, method in vars(ECRClient).items()
        if inspect.isfunction(method)
        and not name.startswith(("_", "wait_until_"))
        and name not in BEYOND_OPERATIONS
    }
    assert documented.keys() == {snake(name) for name in {*OPERATIONS, *NEWER_OPERATIONS}}
    marked = {name for name, text in documented.items() if "Not in the spec" in text}
    assert marked == {snake(name) for name in NEWER_OPERATIONS}


def test_every_entry_of_the_tables_of_newer_members_is_needed() -> None:
    """An unneeded entry would accept a wrong member later."""
    assert sum(map(len, NEWER_INPUTS.values())) == 7
    for operation, names in NEWER_INPUTS.items():
        block = BLOCKS[OPERATIONS.index(operation)]
        assert not names & {*block.required, *block.optional}
    for operation, name in NO_LONGER_REQUIRED:
        assert name in BLOCKS[OPERATIONS.index(operation)].required


# -- the responses --------------------------------------------------------------------------------

MOMENT = datetime(2024, 2, 29, 12, 30, 15, 250_000, tzinfo=UTC)
SAMPLES: dict[str, tuple[Any, Any]] = {
    "str": ("some text", "some text"),
    "str(timestamp)": (MOMENT.timestamp(), MOMENT),
    "int": (7, 7),
    "int(i64)": (5_000_000_000, 5_000_000_000),
    "bool": (True, True),
    "bytes": (base64.b64encode(b"\xff\xfe").decode(), b"\xff\xfe"),
    "map<str,int>": ({"HIGH": 3}, {"HIGH": 3}),
}


@pytest.mark.anyio
@each_block
async def test_a_response_with_the_names_of_the_spec_is_parsed(block: Block) -> None:
    body = {name: on_the_wire(kind) for name, kind in block.returns.items()}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    async with ECRClient(
        region="eu-west-1",
        endpoint_url="https://ecr.test",
        use_fips=False,
        use_dualstack=False,
        credentials=Credentials("AKIDEXAMPLE", "not a secret"),
        transport=transport,
    ) as ecr:
        response = await getattr(ecr, snake(block.name))(**arguments(block))
    assert_read(response, block.returns)
    assert not response.model_extra


def on_the_wire(kind: Kind) -> Any:
    if kind.item:
        return [on_the_wire(kind.item)]
    if kind.text in SAMPLES:
        return SAMPLES[kind.text][0]
    return {name: on_the_wire(member) for name, member in (kind.body or {}).items()}


def assert_read(model: Any, members: Members) -> None:
    for name, kind in members.items():
        value = getattr(model, snake(name))
        if kind.item and kind.item.text in SAMPLES:
            assert value == [SAMPLES[kind.item.text][1]]
        elif kind.item:
            assert [type(item).__name__ for item in value] == [kind.item.text]
        elif kind.text in SAMPLES:
            assert value == SAMPLES[kind.text][1]
            assert type(value) is type(SAMPLES[kind.text][1])
        else:
            assert type(value).__name__ == kind.text
            assert_read(value, kind.body or {})


ARGUMENTS: dict[str, Any] = {
    "appliedFor": ["REPLICATION"],
    "credentialArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"
    "ecr-pullthroughcache/hub",
    "imageId": {"image_tag": "v1"},
    "imageIds": [{"image_tag": "v1"}],
    "imageScanningConfiguration": {"scan_on_push": True},
    "layerDigest": "sha256:abc",
    "layerDigests": ["sha256:abc"],
    "layerPartBlob": b"\xff\xfe",
    "lifecyclePolicyText": "{}".ljust(100),
    "partFirstByte": 0,
    "partLastByte": 1,
    "replicationConfiguration": {"rules": []},
    "repositoryNames": ["team/app"],
    "tagKeys": ["env"],
    "tags": [{"key": "env", "value": "prod"}],
    "uploadId": "01234567-89ab-cdef-0123-456789abcdef",
}


def arguments(block: Block) -> dict[str, Any]:
    """The required members, with values that the service's limits allow."""
    return {snake(name): ARGUMENTS.get(name, "team") for name in block.required}
