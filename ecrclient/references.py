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
Specification for tags and digests. ECR's model allows 300 characters in a tag, but registry clients
accept only the 128 of the specification, which is therefore the limit here.
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
# A user name and password before the host. The @ before a digest does not end them.
_USER_INFO = re.compile(
    r"(?P<scheme>[^/]*://)?(?:(?<=://).*@(?!sha(?:256|512):)|[^@]*:.*@(?!sha(?:256|512):)"
    r"|.+@(?=[0-9]{12}\.dkr[.-]ecr))",
    re.DOTALL,
)
_REPOSITORY_LENGTHS = range(2, 257)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")


class ImageReferenceError(ECRClientError, ValueError):
    """A text that is not a reference to an image in ECR."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(text, problem)
        self.text = text
        """The text, with ``***`` in place of a user name and password."""
        self.problem = problem
        """What is wrong with the text."""

    def __str__(self) -> str:
        return f"{self.text!r}: {self.problem}"


@dataclass(frozen=True, slots=True)
class RegistryHost:
    """The host of a private registry.

    Args:
        account_id: The AWS account ID of the registry, 12 digits.
        region: The AWS Region, such as ``eu-west-1``.
        fips: Whether it is the endpoint validated under FIPS 140.
        dual_stack: Whether it is the endpoint reachable over both IPv4 and IPv6.

    Raises:
        ImageReferenceError: the account ID is not twelve digits, no partition has such a region, or
            an argument has the wrong type.
    """

    account_id: str
    region: str
    fips: bool = False
    dual_stack: bool = False

    def __post_init__(self) -> None:
        _check_types(self, {"account_id": str, "region": str, "fips": bool, "dual_stack": bool})
        if not _ACCOUNT.fullmatch(self.account_id):
            raise ImageReferenceError(self.account_id, "an account ID has twelve digits")
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
        assert partition is not None, "the first partition is the fallback for unknown regions"
        return partition

    @classmethod
    def parse(cls, text: str) -> RegistryHost:
        """Parse the host of a registry.

        Args:
            text: The host, optionally with ``https://`` before and ``/`` after it, as in docker's
                configuration files.

        Raises:
            ImageReferenceError: the text is not the host of a private registry in ECR.
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
    """A repository in ECR, or an image in it.

    Args:
        registry: The host of the registry.
        repository_name: The name of the repository, with its namespace, if any: 2 to 256
            characters.
        tag: The image's tag, 1 to 128 characters.
        digest: The digest of the image's manifest: ``sha256:`` and 64 hexadecimal digits, or
            ``sha512:`` and 128.

    Raises:
        ImageReferenceError: an argument has the wrong type or form.
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
                "a tag has 1 to 128 letters, digits and _ . -, and does not begin with . or -",
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
        """The image identifier to pass to the client's methods.

        Raises:
            ImageReferenceError: the reference has neither a tag nor a digest.
        """
        from ecrclient.models import ImageIdentifier

        if self.tag is None and self.digest is None:
            raise ImageReferenceError(str(self), "the reference has neither a tag nor a digest")
        return ImageIdentifier(image_tag=self.tag, image_digest=self.digest)

    def with_tag(self, tag: str) -> ImageReference:
        """Return a reference to another tag of the repository, without a digest.

        Raises:
            ImageReferenceError: *tag* is not a valid tag.
        """
        return dataclasses.replace(self, tag=tag, digest=None)

    def with_digest(self, digest: str) -> ImageReference:
        """Return the same reference, pinned to a digest.

        Raises:
            ImageReferenceError: *digest* is not a valid digest.
        """
        return dataclasses.replace(self, digest=digest)

    @classmethod
    def parse(cls, text: str) -> ImageReference:
        """Parse a reference.

        Args:
            text: ``<host>/<repository>[:<tag>][@<digest>]``, optionally with ``https://`` before
                the host.

        Raises:
            ImageReferenceError: the text is not a reference to a private registry in ECR.
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
            expected = getattr(kind, "__name__", str(kind))
            raise ImageReferenceError(
                f"{value!r:.100}", f"{name} must be of type {expected}, not {type(value).__name__}"
            )


def _check_text(text: object) -> None:
    if not isinstance(text, str):
        raise ImageReferenceError(f"{text!r:.100}", f"must be a string, not {type(text).__name__}")
    match = _USER_INFO.match(text)
    if match is not None:
        # Checked before the text is split, because a password may contain any character.
        raise ImageReferenceError(
            f"{match['scheme'] or ''}***@{text[match.end() :]}",
            "a reference must not contain a user name and password before the host, and only a "
            "digest (sha256: or sha512:) may follow an @",
        )


def _dual_stack_suffix(partition: Partition) -> str:
    """The suffix of registry hosts: ``on.aws`` where that of the API is ``api.aws``."""
    return partition.dual_stack_dns_suffix.replace("api.", "on.", 1)
