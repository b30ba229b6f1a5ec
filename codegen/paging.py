"""How an operation pages: by botocore's paginator, or else by its members."""

from __future__ import annotations

from typing import Any

from codegen.aws_model import AwsModel
from codegen.ir import ListOf, Pagination, Structure
from codegen.paths import Nested, is_plain_path, resolve_path

__all__ = ["build_pagination"]


def build_pagination(
    model: AwsModel,
    name: str,
    request: Structure,
    response: Structure,
    nested: Nested,
    omissions: list[str],
) -> Pagination | None:
    """How the operation *name* pages; None if it does not, or if that is noted as an omission."""
    paginator = model.paginators.get(name) or _guess(name, request, response, omissions)
    if paginator is None:
        return None
    results = paginator.get("result_key", [])
    results = [results] if isinstance(results, str) else results
    expressions = [paginator["input_token"], paginator["output_token"], *results]
    if not results or not all(is_plain_path(expression) for expression in expressions):
        omissions.append(f"{name}: its paginator needs more than attribute paths")
        return None
    items = [resolve_path(response, key, nested) for key in results]
    limit = request.member(paginator.get("limit_key", ""))
    token = request.member(paginator["input_token"])
    if token is None:
        return None
    output_token, _ = resolve_path(response, paginator["output_token"], nested)
    return Pagination(
        input_token=token.name,
        output_token=".".join(output_token),
        limit=limit.name if limit else None,
        items=tuple(path for path, _ in items),
        item_types=tuple(ref.item if isinstance(ref, ListOf) else ref for _, ref in items),
    )


def _guess(
    name: str, request: Structure, response: Structure, omissions: list[str]
) -> dict[str, Any] | None:
    """An operation pages if both sides have a token; its items are the response's only list."""
    token = "nextToken"  # noqa: S105 - the field's standard name, not a secret
    if request.member(token) is None or response.member(token) is None:
        return None
    lists = [m.wire_name for m in response.members if isinstance(m.type, ListOf)]
    if len(lists) != 1:
        found = ", ".join(lists) or "none"
        omissions.append(f"{name}: it pages, but its response does not have one list: {found}")
        return None
    return {
        "input_token": token,
        "output_token": token,
        "limit_key": "maxResults",
        "result_key": lists[0],
    }
