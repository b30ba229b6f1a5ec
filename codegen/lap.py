"""Read and print LAP v0.3 documents, losing nothing: ``parse(text).to_text() == text``.

The grammar, where ``_`` is one or more spaces and everything in braces may run over several
lines::

    document  = preamble { endpoint | group } "@end"
    preamble  = "@lap" _ "v0." digits        first; the others in any order, each at most once
                "@api" _ text  "@endpoints" _ number                              (required)
                "@base" _ text  "@version" _ text  "@auth" _ text  "@hint" _ text
                "@common_fields" _ params  "@toc" _ name "(" number ")" { "," ... }
                { "@type" _ Name _ fields }                                  (any number)
    group     = "@group" _ name  endpoint { endpoint }  "@endgroup"
    endpoint  = "@endpoint" _ METHOD _ "/" path
                "@desc" _ text  "@auth" _ text  "@body" _ "→" _ Name
                "@required" _ params  "@optional" _ params
                { "@returns(" digits ")" [ _ text | _ fields ] [ _ "#" comment ] }
                "@errors" _ "{" error { "," error } "}"  "@example_request" _ text
                                      in any order; each at most once, except "@returns"
    params    = "{" member { "," member } "}"
    fields    = params
    member    = name ":" _ type [ "=" default ] [ _ "#" comment ]
    error     = digits [ ":" Type ] [ ":" _ text ]
    type      = scalar [ "(" format ")" ] [ "(" a "/" b ")" ] [ "?" ]
              | "enum(" a "/" b ")" [ "?" ]  |  "[" type "]" [ "?" ]
              | "map" [ "?" ] [ fields ]  |  "map<" type "," type ">" [ "?" ]
              | Name [ "?" ] [ fields ]
    scalar    = "any" | "bool" | "bytes" | "float" | "int" | "map" | "num" | "str"

Blank lines and lines that begin with ``#`` may stand between directives. A directive not named
here is kept, and warned about. Free text in braces (a comment, a default, the description of an
error) goes up to a comma after which the next member or error is recognised, or to the brace that
closes the block; braces of its own have to balance.

This is the published grammar with these additions, all found in real files: ``any``, ``bytes``,
``num``, ``map<K,V>``, a format on any scalar, choices after a format, a ``?`` before a body, types
without a ``@type`` line, group names and paths with punctuation.
"""

from codegen.lap_errors import LapSyntaxError, LapWarning
from codegen.lap_nodes import (
    Block,
    Body,
    Count,
    Directive,
    Document,
    Endpoint,
    EndpointLine,
    Enum,
    ErrorEntry,
    Errors,
    Group,
    Layout,
    ListOf,
    MapOf,
    Member,
    Named,
    Params,
    Position,
    Record,
    Returns,
    Scalar,
    Text,
    Toc,
    TocEntry,
    Type,
    TypeDef,
    Unknown,
)
from codegen.lap_parser import MAX_DEPTH, METHODS, SCALARS, parse

__all__ = [
    "MAX_DEPTH",
    "METHODS",
    "SCALARS",
    "Block",
    "Body",
    "Count",
    "Directive",
    "Document",
    "Endpoint",
    "EndpointLine",
    "Enum",
    "ErrorEntry",
    "Errors",
    "Group",
    "LapSyntaxError",
    "LapWarning",
    "Layout",
    "ListOf",
    "MapOf",
    "Member",
    "Named",
    "Params",
    "Position",
    "Record",
    "Returns",
    "Scalar",
    "Text",
    "Toc",
    "TocEntry",
    "Type",
    "TypeDef",
    "Unknown",
    "parse",
]
