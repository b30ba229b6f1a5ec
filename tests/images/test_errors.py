"""The errors of images: their messages, and copies by pickle."""

from __future__ import annotations

import copy
import pickle

import pytest

from ecrclient import ECRClientError
from ecrclient.images import errors

DIGEST = "sha256:" + "0" * 64
EXAMPLES = [
    (errors.ImageNotFoundError("layout out", "v1"), "layout out has no image v1"),
    (
        errors.PlatformNotFoundError("app:v1", "linux/s390x", ["linux/amd64", "linux/arm64"]),
        "app:v1 has no platform linux/s390x; it has: linux/amd64, linux/arm64",
    ),
    (errors.PlatformNotFoundError("app:v1", "a/b", []), "it has: none that is named"),
    (errors.BlobNotFoundError("layout out", DIGEST), f"layout out has no blob {DIGEST}"),
    (errors.ManifestError("manifest x", "not JSON"), "manifest x: not JSON"),
    (errors.ContentMismatchError(DIGEST, "too long"), f"{DIGEST}: too long"),
    (errors.DownloadError(DIGEST, 5, "broken"), f"{DIGEST}: broken (after 5 bytes)"),
    (errors.UploadError(DIGEST, 5, "lost"), f"{DIGEST}: lost (after 5 bytes)"),
    (errors.LimitError(DIGEST, "empty"), f"{DIGEST}: empty"),
    (errors.ArchiveError("a.tar", "truncated"), "a.tar: truncated"),
    (
        errors.TagConflictError("repository app", "v1", "sha256:a", "sha256:b"),
        "repository app: the tag v1 is immutable and belongs to sha256:a, not to sha256:b",
    ),
    (
        errors.TagConflictError("repository app", "v1", "a", "b", is_immutable=False),
        "repository app: the tag v1 belongs to a, not to b, and move=False was passed",
    ),
    (
        errors.LastTagError("repository app", "v1", DIGEST),
        f"v1 is the last tag of {DIGEST}, which ECR would delete with it; add another tag first, "
        "or pass last_tag='delete image'",
    ),
    (
        errors.OtherTagsError("repository app", "v1", DIGEST, ["a", "b"]),
        f"the image v1 has other tags: a, b; pass its digest {DIGEST} to delete it",
    ),
    (
        errors.TagRaceError("repository app", "v1", DIGEST, "the image is gone"),
        f"repository app: the tag v1 of {DIGEST} is removed, but the image is gone",
    ),
    (
        errors.DeletionError("repository app", "v1", "KmsError", "no key"),
        "repository app: v1 cannot be deleted: KmsError: no key",
    ),
    (
        errors.DeletionError("repository app", "v1", "KmsError", None),
        "repository app: v1 cannot be deleted: KmsError",
    ),
    (errors.ResumeError("s.json", "not a state file"), "s.json: not a state file"),
]


@pytest.mark.parametrize(("error", "message"), EXAMPLES, ids=lambda one: type(one).__name__)
def test_errors_have_a_message_and_can_be_copied(error: errors.ImageError, message: str) -> None:
    assert message in str(error)
    assert isinstance(error, ECRClientError)
    for same in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(same) is type(error)
        assert str(same) == str(error)
        assert vars(same) == vars(error)


def test_every_error_has_an_example() -> None:
    classes = {getattr(errors, name) for name in errors.__all__} - {errors.ImageError}
    assert {type(error) for error, _ in EXAMPLES} == classes
