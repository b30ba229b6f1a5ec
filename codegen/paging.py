"""How an operation pages: by botocore's paginator, or else by its members."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from codegen.aws_model import AwsModel
from codegen.decisions import PageSizeDecision
from codegen.ir import Entry, Member, Pagination, Structure
from codegen.ir_types import ListOf, MapOf, Number, String, StructureRef
from codegen.paths import Nested, is_plain_path, resolve_path, resolve_projection

__all__ = ["build_pagination"]

# Members that are page tokens in operations without a paginator: of the request, of the response.
_TOKENS = {
    **{name: name for name in ("nextToken", "nextPageToken", "paginationToken", "marker")},
    "pageToken": "nextPageToken",
}
# A range of the model that ends here is that of a 32-bit integer, not the service's.
_INTEGER_MAX = 2**31 - 1
_LIMITS = ("maxResults", "maxRecords", "maxItems", "limit", "pageSize")


def build_pagination(
    model: AwsModel,
    name: str,
    decision: PageSizeDecision | None,
    request: Structure,
    response: Structure,
    nested: Nested,
    omissions: list[str],
    complaints: list[str],
) -> Pagination | None:
    """How the operation *name* pages; None if it does not, or if that is noted as an omission."""
    paginator = model.paginators.get(name)
    reasons: list[str] = []
    if paginator is None:
        paginator = _guess(request, response, reasons)
    found = _pagination(paginator, request, response, nested, reasons) if paginator else None
    if found is None:
        omissions += [f"{name}: it pages, but is called page by page: {why}" for why in reasons]
    else:
        omissions += [f"{name}: {why}" for why in reasons]
    if decision is not None:
        found = _with_decision(name, found, decision, complaints)
    return found


def _with_decision(
    name: str, found: Pagination | None, decision: PageSizeDecision, complaints: list[str]
) -> Pagination | None:
    if found is None or found.limit is None:
        complaints.append(f"[[page_size]] {name}: it has no page size")
        return found
    if found.largest not in (None, decision.largest):
        complaints.append(f"[[page_size]] {name}: the model's largest page is {found.largest}")
    return dataclasses.replace(found, largest=decision.largest, resizable=decision.resizable)


def _pagination(
    paginator: Mapping[str, Any],
    request: Structure,
    response: Structure,
    nested: Nested,
    reasons: list[str],
) -> Pagination | None:
    """The pagination; None if *reasons* has what is not supported, or else what are no items."""
    token = paginator["input_token"]
    member = request.member(token) if isinstance(token, str) else None
    if member is None:
        reasons.append(f"its token is {token}, not one member of the request")
        return None
    output, more = (
        resolve_projection(response, paginator[key], nested)
        if isinstance(paginator.get(key), str)
        else None
        for key in ("output_token", "more_results")
    )
    if output is None or (more is None and "more_results" in paginator):
        reasons.append("its next token is not at an attribute path of the response")
        return None
    results = paginator.get("result_key", [])
    results = [results] if isinstance(results, str) else results
    if not all(map(is_plain_path, results)):
        reasons.append("its items are not at an attribute path of the response")
        return None
    found = [resolve_path(response, key, nested) for key in results]
    items = [(path, ref) for path, ref in found if isinstance(ref, ListOf | MapOf | StructureRef)]
    if not items:
        reasons.append("its response has no list, map or structure of items")
        return None
    # Lists of several kinds of item; otherwise further lists only describe the items of the first.
    several = all(isinstance(r, ListOf) and isinstance(r.item, StructureRef) for _, r in items)
    kept = items if several else items[:1]
    others = [".".join(path) for path, _ in found if path not in dict(kept)]
    if others:
        reasons.append(f"only its pages have {', '.join(others)}")
    limit = request.member(paginator.get("limit_key", ""))
    return Pagination(
        input_token=member.name,
        output_token=output,
        limit=limit.name if limit else None,
        more=more,
        largest=_largest_page(limit),
        resizable=False,
        lists=tuple(each.name for each in request.members if isinstance(each.type, ListOf)),
        items=tuple(path for path, _ in kept),
        item_types=tuple(map(_item_type, (ref for _, ref in kept))),
    )


def _largest_page(limit: Member | None) -> int | None:
    ref = None if limit is None else limit.type
    if not isinstance(ref, Number) or ref.max is None or ref.max >= _INTEGER_MAX:
        return None
    return int(ref.max)


def _item_type(ref: ListOf | MapOf | StructureRef) -> Any:
    match ref:
        case ListOf(item=item):
            return item
        case MapOf(key=key, value=value):
            return Entry(key, value)
        case structure:
            return structure


def _guess(request: Structure, response: Structure, reasons: list[str]) -> Mapping[str, str] | None:
    """An operation pages if both sides have a token; its items are the response's only list."""
    inputs = {member.wire_name: member.type for member in request.members}
    outputs = {member.wire_name: member.type for member in response.members}
    tokens = [
        (inside, outside)
        for names in _TOKENS.items()
        for inside, outside in (names, tuple(name[0].upper() + name[1:] for name in names))
        if isinstance(inputs.get(inside), String) and isinstance(outputs.get(outside), String)
    ]
    if not tokens:
        return None
    lists = [name for name, ref in outputs.items() if isinstance(ref, ListOf)]
    if len(lists) != 1:
        reasons.append(f"its response does not have one list: {', '.join(lists) or 'none'}")
        return None
    limits = (name for limit in _LIMITS for name in (limit, limit[0].upper() + limit[1:]))
    return {
        "input_token": tokens[0][0],
        "output_token": tokens[0][1],
        "limit_key": next((n for n in limits if isinstance(inputs.get(n), Number)), ""),
        "result_key": lists[0],
    }
