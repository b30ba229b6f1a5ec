"""Convert Sphinx's roles and ``::`` in docstrings to Markdown for the site.

The docstrings contain the roles that editors show, ``:class:`~ecrclient.Batches```. In Markdown,
which the site's builder reads, that is a link: ``[`Batches`][ecrclient.Batches]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import griffe

__all__ = ["Roles", "to_markdown"]

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data):`(?P<short>~?\.?)(?P<name>[\w.]+)`")
_LITERAL = re.compile(r"^(?P<lead>.*?)::\n\n(?P<block>(?: {4}.*\n?|\n)+)", re.MULTILINE)
# Hand-written bases, whose methods the site shows as the client's own.
_BASES = {
    "ecrclient._helpers.ClientHelpers": "ecrclient.ECRClient",
    "ecrclient._awsjson.client.BaseClient": "ecrclient.ECRClient",
}


def to_markdown(text: str, resolve: Callable[[str], str]) -> str:
    """A docstring's text as Markdown.

    Args:
        text: The docstring.
        resolve: Returns the full path of a name in the docstring.
    """

    def link(match: re.Match[str]) -> str:
        short, name = match["short"], match["name"]
        shown = name.rpartition(".")[2] if short.startswith("~") else name
        return f"[`{shown}`][{resolve(f'ecrclient.{name}' if short == '.' else name)}]"

    def fence(match: re.Match[str]) -> str:
        lines = [line.removeprefix("    ") for line in match["block"].strip("\n").splitlines()]
        lead = f"{match['lead']}:\n\n" if match["lead"] else ""
        return f"{lead}```\n" + "\n".join(lines) + "\n```\n\n"

    return _LITERAL.sub(fence, _ROLE.sub(link, text))


class Roles(griffe.Extension):
    """Rewrites all docstrings of a package after it is loaded."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Rewrite the docstrings in *pkg*."""
        _rewrite(pkg)
        # The methods' docstrings name errors that their module does not import.
        client, errors = pkg["client"], pkg["errors"]
        for name, error in errors.classes.items():
            client.set_member(name, griffe.Alias(name, error))


def _rewrite(obj: griffe.Object) -> None:
    if obj.docstring is not None:
        obj.docstring.value = to_markdown(obj.docstring.value, lambda name: _path(obj, name))
    for member in obj.members.values():
        if isinstance(member, griffe.Object):
            _rewrite(member)


def _path(obj: griffe.Object, name: str) -> str:
    """The full path that *name* refers to in the docstring of *obj*."""
    if name.startswith("ecrclient."):
        return name
    within = obj if obj.is_class or obj.parent is None else obj.parent
    head, dot, rest = name.partition(".")
    if within.is_class and head in within.all_members:
        return f"{_BASES.get(within.path, within.path)}.{name}"
    if within.path in _BASES:
        return f"{_BASES[within.path]}.{name}"
    return f"{obj.resolve(head)}{dot}{rest}"
