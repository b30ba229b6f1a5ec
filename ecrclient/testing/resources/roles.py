"""IAM roles that ECR assumes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import invalid_parameter

if TYPE_CHECKING:
    from ..store import Registry

__all__ = ["check_role"]

_ROLE = re.compile(r"arn:aws(?:-[a-z]+)*:iam::(?P<account>[0-9]{12}):role/.+")


def check_role(registry: Registry, arn: str) -> None:
    """Refuse a custom role that is not an IAM role of the registry's account.

    Raises:
        InvalidParameterException: The ARN is not that of such a role.
    """
    match = _ROLE.fullmatch(arn)
    if match is None:
        raise invalid_parameter("customRoleArn", "must be the ARN of an IAM role")
    if match["account"] != registry.account_id:
        raise invalid_parameter("customRoleArn", "must be a role of the registry's own account")
