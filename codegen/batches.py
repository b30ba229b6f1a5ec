"""Batches: operations on a list of ids, which the client splits by the service's limit."""

from __future__ import annotations

from codegen.aws_model import AwsModel
from codegen.decisions import BatchDecision
from codegen.ir import Batch, Structure
from codegen.ir_types import ListOf, StructureRef, TypeRef
from codegen.naming import member_name

__all__ = ["build_batch"]


def build_batch(
    model: AwsModel,
    name: str,
    decision: BatchDecision | None,
    request: Structure,
    response: Structure,
    complaints: list[str],
) -> Batch | None:
    """The batch of the operation *name*; None if it has none, or if *complaints* has the reason."""
    if decision is None:
        return None
    ids = request.member(decision.member)
    result, failures = response.member(decision.result), response.member(decision.failures)
    if ids is None or result is None or failures is None:
        complaints.append(f"[[batch]] {name}: its members are not the operation's")
        return None
    if isinstance(ids.type, ListOf) and ids.type.max not in (None, decision.limit):
        complaints.append(f"[[batch]] {name}: the model's limit is {ids.type.max}")
    names = _failure_names(model, failures.type)
    if names is None:
        complaints.append(f"[[batch]] {name}: a failure must consist of an id, a code and a reason")
        return None
    return Batch(
        decision.method, ids, decision.limit, decision.concurrency, result, failures, *names
    )


def _failure_names(model: AwsModel, ref: TypeRef) -> tuple[str, str, str] | None:
    """Which members of a failure are its id, its code and its reason."""
    if not isinstance(ref, ListOf) or not isinstance(ref.item, StructureRef):
        return None
    names = [member.name for member in model.shapes[ref.item.name].members]
    code = [name for name in names if name.endswith("Code")]
    reason = [name for name in names if name.endswith("Reason")]
    others = [name for name in names if name not in code + reason]
    if (len(code), len(reason), len(others)) != (1, 1, 1):
        return None
    return member_name(others[0]), member_name(code[0]), member_name(reason[0])
