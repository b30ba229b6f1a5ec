"""The reader of whole LAP documents."""

import warnings
from collections import Counter
from typing import NoReturn

from codegen.lap.directive_reader import DirectiveReader
from codegen.lap.directives import Count, Directive, TypeDef, Unknown
from codegen.lap.document import Document, Endpoint, Group, same_fields
from codegen.lap.errors import quoted
from codegen.lap.grammar import (
    IN_ENDPOINT,
    IN_PREAMBLE,
    KNOWN,
    PATH_PARAMETER,
    REPEATABLE,
    REQUIRED,
)
from codegen.lap.types import Named, Position


def parse(text: str, *, file: str = "<string>") -> Document:
    """Read a LAP document; `file` is the name to show in errors.

    Raises `LapSyntaxError` for anything that is not one, and issues a `LapWarning` for every
    directive that this version of the format does not know.
    """
    parser = _Parser(text, file)
    document = parser.document()
    for warning in parser.warnings:
        warnings.warn(warning, stacklevel=2)
    return document


class _Parser(DirectiveReader):
    # The document and its parts.

    def document(self) -> Document:
        preamble = self._preamble()
        blocks: list[Endpoint | Group | Unknown] = []
        while self._next.name != "end":
            blocks.append(self._block_of_document())
        end = self._mark()
        document = Document(preamble, tuple(blocks), end, below=self._next.above, file=self._file)
        self._check_counts(document)
        self._check_inline_types(document)
        return document

    def _preamble(self) -> tuple[Directive, ...]:
        if self._next.name != "lap":
            self._fail(self._next.position, "a document begins with '@lap'", "'@lap v0.3'")
        found: list[Directive] = []
        seen: dict[str, Position] = {}
        types: dict[str, Position] = {}
        while self._next.name in IN_PREAMBLE or self._next.name not in KNOWN:
            self._note_once(seen, "the preamble")
            found.append(self._directive({}))
            if isinstance(found[-1], TypeDef):
                self._note(types, found[-1].name, found[-1].position, "type", "")
        if self._next.name not in {"group", "endpoint", "end"}:
            self._fail_misplaced()
        for name in REQUIRED:
            if f"@{name}" not in seen:
                self._fail(self._next.position, f"the preamble has no '@{name}'", f"'@{name} ...'")
        return tuple(found)

    def _block_of_document(self) -> Endpoint | Group | Unknown:
        if self._next.name == "group":
            return self._group()
        return self._endpoint_or_unknown(None)

    def _endpoint_or_unknown(self, group: str | None) -> Endpoint | Unknown:
        if self._next.name == "endpoint":
            return self._endpoint(group)
        if self._next.name in KNOWN:
            self._fail_misplaced()
        return self._unknown()

    def _group(self) -> Group:
        opening = self._group_line()
        items: list[Endpoint | Unknown] = []
        while self._next.name not in {"endgroup", "group", "end"}:
            items.append(self._endpoint_or_unknown(opening.value))
        if self._next.name != "endgroup":
            self._fail(
                self._next.position,
                f"'@{self._next.name}' inside the group {quoted(opening.value)}, which is open"
                f" since line {opening.position.line}",
                "'@endgroup'",
            )
        if not any(isinstance(item, Endpoint) for item in items):
            self._fail(opening.position, "a group without endpoints", "'@endpoint' in the group")
        return Group(opening, tuple(items), self._mark())

    def _endpoint(self, group: str | None) -> Endpoint:
        line = self._endpoint_line()
        clauses: list[Directive] = []
        seen: dict[str, Position] = {}
        parameters: dict[str, Position] = {}
        in_path: list[str] = PATH_PARAMETER.findall(line.path)
        while self._next.name in IN_ENDPOINT or self._next.name not in KNOWN:
            self._note_once(seen, "one endpoint")
            clauses.append(self._directive(parameters))
            for name in in_path:  # The body may have a member of the same name.
                parameters.pop(name, None)
        return Endpoint(line, tuple(clauses), group)

    # Checks of the whole document.

    def _check_counts(self, document: Document) -> None:
        total = len(document.endpoints)
        for directive in document.preamble:
            if isinstance(directive, Count) and directive.value != total:
                at = directive.position
                offset = len("@endpoints" + directive.layout.gap)
                self._fail(
                    Position(at.line, at.column + offset),
                    f"'@endpoints' says {directive.value}, but the document has {total}",
                    str(total),
                )
        if not document.toc:
            return
        grouped = Counter(e.group for e in document.endpoints if e.group is not None)
        for entry in document.toc:
            count = grouped.get(entry.name, entry.count)
            if entry.count != count:
                self._fail(
                    entry.position,
                    f"'@toc' says {entry.count} for {quoted(entry.name)}, which has {count}",
                    f"{entry.name}({count})",
                )
        listed = sum(entry.count for entry in document.toc)
        if listed != total:
            self._fail(
                document.toc[0].position,
                f"'@toc' adds up to {listed}, but the document has {total} endpoints",
                f"counts that add up to {total}",
            )

    def _check_inline_types(self, document: Document) -> None:
        first: dict[str, Named] = {}
        for named in document.named_types():
            if named.body is None:
                continue
            known = first.setdefault(named.name, named)
            if known.body and known is not named and not same_fields(known.body, named.body):
                self._fail(
                    named.position,
                    f"the fields of {quoted(named.name)} differ from those given for it before",
                    f"the same fields as in line {known.position.line},"
                    f" column {known.position.column}",
                )

    def _note_once(self, seen: dict[str, Position], where: str) -> None:
        head = self._next
        if head.name in KNOWN and head.name not in REPEATABLE:
            self._note(seen, f"@{head.name}", head.position, "directive", f" in {where}")

    def _fail_misplaced(self) -> NoReturn:
        name, place = self._next.name, self._next.position
        if not name:
            self._fail(place, "the file ends without '@end'; it looks truncated", "'@end'")
        if name in IN_PREAMBLE - IN_ENDPOINT:
            rule = "before the first '@endpoint' or '@group'"
        elif name in IN_ENDPOINT:
            rule = "after an '@endpoint'"
        else:
            rule = "after a '@group'"
        self._fail(place, f"'@{name}' is out of place here", f"'@{name}' only {rule}")
