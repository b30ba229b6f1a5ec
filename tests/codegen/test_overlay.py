"""The overlay: entries that are wrong, out of date or missing stop the build with a message."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codegen import lap
from codegen.aws_model import AwsModel
from codegen.overlay import Overlay, OverlayError
from codegen.reconcile import reconcile
from tests.codegen.project import OVERLAY, ROOT


def written(folder: Path, text: str) -> Path:
    """An overlay with that text."""
    path = folder / "overlay.toml"
    path.write_text(text, encoding="utf-8")
    return path


def edited(folder: Path, old: str, new: str) -> Path:
    """The committed overlay with one place changed."""
    text = (ROOT / OVERLAY).read_text(encoding="utf-8")
    assert text.count(old) == 1
    return written(folder, text.replace(old, new))


def entry(table: str, **values: str | bool) -> str:
    pairs = {**values, "why": "Because."}
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in pairs.items())
    return f"\n[[{table}]]\n" + "".join(lines)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (entry("required", member="ListImagesRequest.gone", required=True), "Request.gone"),
        (entry("sensitive", member="GoneShape.member"), "GoneShape.member"),
        ('[[returned]]\nstructure = "Tag"\nmembers = ["gone"]\nwhy = "Because."', "Tag.gone"),
        (entry("retry_unsafe", operation="GoneOperation"), "GoneOperation"),
        (
            entry(
                "conversion", attribute="Tag.other", to="Gone", member="a", value="b", doc="A line."
            ),
            "Gone",
        ),
        ('[docs.enums]\nGoneEnum = "A line."', "GoneEnum"),
        ('[docs.members]\ngoneMember = "A line."', "goneMember"),
        ('[docs.members]\n"Tag.gone" = "A line."', "Tag.gone"),
    ],
)
def test_an_entry_about_something_the_model_lacks_is_refused_with_its_line(
    tmp_path: Path, model: AwsModel, text: str, named: str
) -> None:
    with pytest.raises(OverlayError) as refused:
        Overlay.load(written(tmp_path, text), model)
    line = 1 + text[: text.rindex("[[") if "[[" in text else text.rindex("\n") + 1].count("\n")
    complaint = str(refused.value)
    assert complaint.startswith(f"{tmp_path}/overlay.toml:{line}: [")
    assert complaint.endswith(f"{named}: the model has no such name")


def test_all_complaints_about_the_overlay_are_reported_together(
    tmp_path: Path, model: AwsModel
) -> None:
    path = written(
        tmp_path,
        entry("sensitive", member="One.gone")
        + entry("sensitive", member="Two.gone")
        + '[[sensitive]]\nmember = "Tag.Key"\n'
        + "[odd]\nkey = 1\n"
        + '[docs.odd]\nkey = "A line."\n',
    )
    with pytest.raises(OverlayError) as refused:
        Overlay.load(path, model)
    assert str(refused.value).splitlines() == [
        f"{path}:2: [[sensitive]] One.gone: the model has no such name",
        f"{path}:6: [[sensitive]] Two.gone: the model has no such name",
        f"{path}:9: [[sensitive]] entry 3: wrong or missing: why",
        f"{path}:11: unknown table [odd]",
        f"{path}:13: unknown table [docs.odd]",
    ]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("required = 1\n", ":1: [[required]] must be an array of tables"),
        ("\n[required]\nmember = 1\n", ":2: [[required]] must be an array of tables"),
        ("sensitive = [1]\n", ": [[sensitive]] entry 1: wrong or missing: member, why"),
        ("docs = 1\n", ":1: docs must be tables such as [docs.members]"),
        ("[docs]\nmembers = 1\n", ":2: [docs.members] must be a table of lines"),
        ("[docs.members]\nregistryId = 1\n", ":2: [docs.members] registryId: must be a string"),
        ("odd = 1\n", ":1: unknown table [odd]"),
        ("[[odd]]\n", ":1: unknown table [odd]"),
        ("a = " + "[" * 5000, ": nested too deeply"),
        (
            entry("sensitive", member="Tag.Key") * 2,
            ":6: [[sensitive]] Tag.Key: decided more than once",
        ),
    ],
    ids=lambda text: text[:20].strip(),
)
def test_a_table_of_the_wrong_shape_is_refused_with_its_line(
    tmp_path: Path, model: AwsModel, text: str, complaint: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(OverlayError) as refused:
        Overlay.load(path, model)
    assert str(refused.value) == f"{path}{complaint}"


def test_an_overlay_that_is_not_toml_is_refused(tmp_path: Path, model: AwsModel) -> None:
    with pytest.raises(OverlayError, match=r"overlay\.toml: .*line 1"):
        Overlay.load(written(tmp_path, "[docs\n"), model)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "acceptedMediaTypes = ",
            "# ",
            "[docs.members] BatchGetImageRequest.acceptedMediaTypes: no line for it",
        ),
        ("ScanType = ", "# ", "[docs.enums] ScanType: no line for it"),
        (
            'pending = ["IN_PROGRESS", "PENDING"]',
            'pending = ["IN_PROGRESS"]',
            "[[waiter]] ImageScanComplete: success, failure and pending must contain each of the "
            "enum's values once: PENDING",
        ),
        (
            "limit = 25\n",
            "limit = 26\n",
            "[[batch]] BatchGetRepositoryScanningConfiguration: the model's limit is 25",
        ),
        (
            'operation = "ListImages"\nlargest = 1000',
            'operation = "ListImages"\nlargest = 1001',
            "[[page_size]] ListImages: the model's largest page is 1000",
        ),
        (
            'operation = "ListImages"\nlargest = 1000',
            'operation = "ListTagsForResource"\nlargest = 1000',
            "[[page_size]] ListTagsForResource: it has no page size",
        ),
        (
            'structure = "CreateRepositoryResponse"\nmembers = ["repository"]',
            'structure = "ImageIdentifier"\nmembers = ["imageTag"]',
            "[[returned]] ImageIdentifier.imageTag: inputs share it and may omit it",
        ),
        (
            'structure = "CreateRepositoryResponse"\nmembers = ["repository"]',
            'structure = "CreateRepositoryRequest"\nmembers = ["tags"]',
            "[[returned]] CreateRepositoryRequest.tags: a request is not returned",
        ),
        (
            "[docs.operations]\n",
            '[docs.operations]\nListImages = "Lists images."\n',
            "[docs.operations] ListImages: the spec describes it",
        ),
        (
            'path = "imageScanStatus.status"',
            'path = "imageScanStatus.gone"',
            "ImageScanStatus: no member at the path 'imageScanStatus.gone'",
        ),
        (
            'member = "layerDigests"',
            'member = "goneDigests"',
            "[[batch]] BatchCheckLayerAvailability: its members are not the operation's",
        ),
        (
            'result = "layers"\nfailures = "failures"',
            'result = "failures"\nfailures = "layers"',
            "[[batch]] BatchCheckLayerAvailability: a failure must consist of an id, a code and a "
            "reason",
        ),
        (
            'result = "images"\nfailures = "failures"',
            'result = "images"\nfailures = "goneFailures"',
            "[[batch]] BatchGetImage: its members are not the operation's",
        ),
        (
            'attribute = "ImageDetail.as_subject"',
            'attribute = "GoneDetail.as_subject"',
            "[[conversion]] GoneDetail.as_subject: both must be structures within requests or "
            "responses",
        ),
        (
            'attribute = "ImageDetail.as_subject"',
            'attribute = "ImageDetail.image_digest"',
            "[[conversion]] ImageDetail.image_digest: the structure has a member of that name",
        ),
        (
            'value = "digest"',
            'value = "goneDigest"',
            "[[conversion]] ImageReferrer.image_id: the structures do not have these members",
        ),
        (
            'value = "digest"',
            'value = "size"',
            "[[conversion]] ImageReferrer.image_id: imageDigest and size have different types",
        ),
        (
            'to = "SubjectIdentifier"\nmember = "imageDigest"',
            'to = "LifecyclePolicyPreviewResult"\nmember = "imageDigest"',
            "[[conversion]] ImageDetail.as_subject: no request contains "
            "LifecyclePolicyPreviewResult",
        ),
        (
            'required = ["repositoryName"]',
            'required = ["goneName"]',
            "[[handle]] RepositoryHandle: goneName must have one type, not none",
        ),
        (
            'method = "repository"',
            'method = "list_images"',
            "[[handle]] RepositoryHandle: there is an operation list_images already",
        ),
        (
            'class = "ECRClient"',
            'class = "GoneClient"',
            "[[base]] GoneClient: no such class is generated",
        ),
    ],
)
def test_an_overlay_that_does_not_fit_the_sources_is_refused(
    tmp_path: Path, model: AwsModel, document: lap.Document, old: str, new: str, message: str
) -> None:
    overlay = Overlay.load(edited(tmp_path, old, new), model)
    with pytest.raises(OverlayError) as refused:
        reconcile(document, model, overlay, package="ecrclient")
    assert message in str(refused.value)
