"""Encryption settings of a repository, and the ARN of its KMS key.

Sources: EncryptionConfiguration in the Amazon ECR API Reference, "Encryption at rest" in the Amazon
ECR User Guide.

There is no KMS here. The default key and the key behind an alias are invented and never change.
Whether a key exists, may be used and is symmetric is not checked. It is not documented whether ECR
returns the ARN of the key if an alias or an ID was given (assumed here), nor with which error it
refuses a key of another Region or a key together with ``AES256``.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from ecrclient.models import EncryptionConfiguration

from ..errors import invalid_parameter

if TYPE_CHECKING:
    from ..store import Registry

__all__ = ["check_encryption", "encryption_of"]

_WITHOUT_KEY = "AES256"
_DEFAULT_ALIAS = "alias/aws/ecr"
_KEY_ID = re.compile(r"mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ALIAS = re.compile(r"alias/[a-zA-Z0-9/_-]+")
_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z0-9-]*):kms:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12})"
    r":(key/[a-zA-Z0-9-]+|(?P<alias>alias/[a-zA-Z0-9/_-]+))"
)


def encryption_of(
    registry: Registry, encryption_type: str | None, kms_key: str | None
) -> EncryptionConfiguration:
    """Return the encryption of a new repository, with the ARN of its key if it has one.

    Args:
        registry: The registry in which the repository is created.
        encryption_type: The requested type; AES256 by default.
        kms_key: The alias, the ID or the ARN of a key, or the ARN of an alias.

    Raises:
        InvalidParameterException: The key does not match the type or the Region.
    """
    encryption_type = encryption_type or _WITHOUT_KEY
    check_encryption(registry, encryption_type, kms_key)
    if encryption_type == _WITHOUT_KEY:
        return EncryptionConfiguration(encryption_type=encryption_type)
    return EncryptionConfiguration(
        encryption_type=encryption_type,
        kms_key=_key_arn(registry, kms_key or _DEFAULT_ALIAS),
    )


def check_encryption(registry: Registry, encryption_type: str, kms_key: str | None) -> None:
    """Refuse a key that does not match the type of encryption or the Region.

    Raises:
        InvalidParameterException: The key does not match.
    """
    if not kms_key:
        return
    if encryption_type == _WITHOUT_KEY:
        raise invalid_parameter(
            "encryptionConfiguration", f"kmsKey must not be given for the type {_WITHOUT_KEY}"
        )
    arn = _ARN.fullmatch(kms_key)
    if arn is not None and arn["region"] != registry.region:
        raise invalid_parameter(
            "kmsKey", f"the key must be in the Region of the repository, {registry.region}"
        )
    if arn is None and not _KEY_ID.fullmatch(kms_key) and not _ALIAS.fullmatch(kms_key):
        raise invalid_parameter("kmsKey", "must be the alias, the key ID or the ARN of a KMS key")


def _key_arn(registry: Registry, kms_key: str) -> str:
    arn = _ARN.fullmatch(kms_key)
    if arn is not None and arn["alias"] is None:
        return kms_key
    owner = f"arn:{registry.partition}:kms:{registry.region}:{registry.account_id}"
    if arn is not None:
        owner, _, kms_key = kms_key.rpartition(":")
    if _ALIAS.fullmatch(kms_key):
        kms_key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{owner}:{kms_key}"))
    return f"{owner}:key/{kms_key}"
