"""Image references: ``123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:v1@sha256:...``.

::

    ref = ImageReference.parse(text)
    await ecr.batch_get_image(
        registry_id=ref.registry.account_id,
        repository_name=ref.repository_name,
        image_ids=[ref.image_id],
    )

Sources: "Private registry authentication" and "Making requests over IPv6" in the Amazon ECR User
Guide for the hosts; the ECR model for repository names; "Pulling manifests" in the OCI Distribution
Specification for tags and digests. ECR's model lets a tag have 300 characters; no registry client
can write one of more than the specification's 128, so that is the limit here.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import TYPE_CHECKING

from ecrclient._awsjson.settings.partitions import Partition, find_partition
from ecrclient.endpoints import PARTITIONS
from ecrclient.errors import ECRClientError

if TYPE_CHECKING:
    from ecrclient.models import ImageIdentifier

__all__ = ["ImageReference", "ImageReferenceError", "RegistryHost"]

_ACCOUNT = re.compile(r"[0-9]{12}")
_HOST = re.compile(
    r"(?P<account>[^.]*)\.dkr(?P<stack>[.-])ecr(?P<fips>-fips)?\.(?P<region>[^.]+)\.(?P<suffix>.+)"
)
_REPOSITORY = re.compile(
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
)
# A user name and password before the host. The @ before a digest does not end one.
_USER_INFO = re.compile(
    r"(?P<scheme>[^/]*://)?(?:(?<=://).*@(?!sha(?:256|512):)|[^@]*:.*@(?!sha(?:256|512):)"
    r"|.+@(?=[0-9]{12}\.dkr[.-]ecr))",
    re.DOTALL,
)
_REPOSITORY_LENGTHS = range(2, 257)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


class ImageReferenceError(ECRClientError, ValueError):
    """A text is no reference to an image in ECR."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(text, problem)
        self.text = text
        """The text, whole but for a user name and password."""
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.text!r}: {self.problem}"


@dataclass(frozen=True, slots=True)
class RegistryHost:
    """The host of a private registry.

    Args:
        account_id: The AWS account that it belongs to, twelve digits.
        region: The AWS Region.
        fips: Whether it is the endpoint validated under FIPS 140.
        dual_stack: Whether it is the endpoint that answers on IPv4 and IPv6.

    Raises:
        ImageReferenceError: the account is not twelve digits, or no partition has such a region.
    """

    account_id: str
    region: str
    fips: bool = False
    dual_stack: bool = False

    def __post_init__(self) -> None:
        _check_types(self, {"account_id": str, "region": str, "fips": bool, "dual_stack": bool})
        if not _ACCOUNT.fullmatch(self.account_id):
            raise ImageReferenceError(self.account_id, "an account is twelve digits")
        partition = self._partition
        if self.region not in partition.regions and not re.fullmatch(
            partition.region_regex.strip("^$"), self.region
        ):
            raise ImageReferenceError(self.region, "no partition of AWS has such a region")

    def __str__(self) -> str:
        fips = "-fips" if self.fips else ""
        partition = self._partition
        if self.dual_stack:
            return f"{self.account_id}.dkr-ecr{fips}.{self.region}.{_dual_stack_suffix(partition)}"
        return f"{self.account_id}.dkr.ecr{fips}.{self.region}.{partition.dns_suffix}"

    @property
    def partition(self) -> str:
        """The partition's name, such as ``aws`` or ``aws-cn``."""
        return self._partition.name

    @property
    def _partition(self) -> Partition:
        partition = find_partition(PARTITIONS, self.region)
        assert partition is not None, "there are partitions, and the first one is the last resort"
        return partition

    @classmethod
    def parse(cls, text: str) -> RegistryHost:
        """Read a host; ``https://`` before it and ``/`` after it, as in docker's files, may be.

        Raises:
            ImageReferenceError: it is no host of a private registry in ECR.
        """
        _check_text(text)
        host = text.removeprefix("https://").removesuffix("/")
        match = _HOST.fullmatch(host)
        if match is None:
            raise ImageReferenceError(
                text, "not a host of ECR, such as 123456789012.dkr.ecr.eu-west-1.amazonaws.com"
            )
        try:
            found = cls(
                match["account"], match["region"], match["fips"] is not None, match["stack"] == "-"
            )
        except ImageReferenceError as error:
            raise ImageReferenceError(text, f"{error.text!r}: {error.problem}") from None
        if str(found) != host:
            raise ImageReferenceError(text, f"the hosts of region {found.region} end as in {found}")
        return found


@dataclass(frozen=True, slots=True)
class ImageReference:
    """An image, or all images, of a repository.

    Args:
        registry: Where it is.
        repository_name: The repository with its namespace, if any.
        tag: The image's tag.
        digest: The digest of its manifest.

    Raises:
        ImageReferenceError: one of them cannot be what it should.
    """

    registry: RegistryHost
    repository_name: str
    tag: str | None = None
    digest: str | None = None

    def __post_init__(self) -> None:
        _check_types(
            self,
            {
                "registry": RegistryHost,
                "repository_name": str,
                "tag": str | None,
                "digest": str | None,
            },
        )
        name = self.repository_name
        if len(name) not in _REPOSITORY_LENGTHS or not _REPOSITORY.fullmatch(name):
            raise ImageReferenceError(
                name,
                "a repository name has 2 to 256 lower-case letters, digits and . _ - between them, "
                "with / between its parts",
            )
        if self.tag is not None and not _TAG.fullmatch(self.tag):
            raise ImageReferenceError(
                self.tag,
                "a tag has 1 to 128 letters, digits and _ . -, and begins with none of . -",
            )
        if self.digest is not None and not _DIGEST.fullmatch(self.digest):
            raise ImageReferenceError(
                self.digest, "a digest is sha256: or sha512: and its 64 or 128 hexadecimal digits"
            )

    def __str__(self) -> str:
        tag = "" if self.tag is None else f":{self.tag}"
        digest = "" if self.digest is None else f"@{self.digest}"
        return f"{self.registry}/{self.repository_name}{tag}{digest}"

    @property
    def image_id(self) -> ImageIdentifier:
        """The image as requests name it.

        Raises:
            ImageReferenceError: there is neither a tag nor a digest.
        """
        from ecrclient.models import ImageIdentifier

        if self.tag is None and self.digest is None:
            raise ImageReferenceError(str(self), "it has neither a tag nor a digest")
        return ImageIdentifier(image_tag=self.tag, image_digest=self.digest)

    def with_tag(self, tag: str) -> ImageReference:
        """The reference to what another tag points at, without a digest."""
        return dataclasses.replace(self, tag=tag, digest=None)

    def with_digest(self, digest: str) -> ImageReference:
        """The same reference, pinned to a digest."""
        return dataclasses.replace(self, digest=digest)

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Read a reference.

        Raises:
            ImageReferenceError: it is none, or not one to a private registry in ECR.
        """
        _check_text(text)
        host, _, path = text.removeprefix("https://").partition("/")
        try:
            registry = RegistryHost.parse(host)
            name, at, digest = path.partition("@")
            name, colon, tag = name.partition(":")
            return cls(registry, name, tag if colon else None, digest if at else None)
        except ImageReferenceError as error:
            if error.text == text:
                raise
            raise ImageReferenceError(text, f"{error.text!r}: {error.problem}") from None


def _check_types(owner: object, kinds: Mapping[str, type | UnionType]) -> None:
    for name, kind in kinds.items():
        value: object = getattr(owner, name)
        if not isinstance(value, kind):
            wanted = getattr(kind, "__name__", str(kind))
            raise ImageReferenceError(
                f"{value!r:.100}", f"{name} must be of type {wanted}, not {type(value).__name__}"
            )


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise ImageReferenceError(f"{text!r:.100}", f"must be a string, not {type(text).__name__}")
    match = _USER_INFO.match(text)
    if match is not None:
        # Before anything is cut out of the text: a password may have any character in it.
        raise ImageReferenceError(
            f"{match['scheme'] or ''}***@{text[match.end() :]}",
            "there must be no user name and password before the host, and only a digest (sha256: "
            "or sha512:) after an @",
        )


def _dual_stack_suffix(partition: Partition) -> str:
    """Registries answer beside the API: under ``on.aws`` where that is under ``api.aws``."""
    return partition.dual_stack_dns_suffix.replace("api.", "on.", 1)
