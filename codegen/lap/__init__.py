"""Read and print LAP v0.3 documents without loss: ``parse(text).to_text() == text``.

The grammar, where ``_`` is one or more spaces and everything in braces may span several lines::

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

Blank lines and lines that begin with ``#`` may appear between directives. An unknown directive is
kept, with a warning. Free text in braces (a comment, a default, the description of an error) ends
at a comma that the next member or error follows, or at the brace that closes the block; braces
inside it must balance.

This is the published grammar with these additions, all found in real files: ``any``, ``bytes``,
``num``, ``map<K,V>``, a format on any scalar, choices after a format, a ``?`` before a body, types
without a ``@type`` line, group names and paths with punctuation.
"""

from codegen.lap.directives import Body as Body
from codegen.lap.directives import Count as Count
from codegen.lap.directives import Directive as Directive
from codegen.lap.directives import EndpointLine as EndpointLine
from codegen.lap.directives import Errors as Errors
from codegen.lap.directives import Layout as Layout
from codegen.lap.directives import Params as Params
from codegen.lap.directives import Returns as Returns
from codegen.lap.directives import Text as Text
from codegen.lap.directives import Toc as Toc
from codegen.lap.directives import TypeDef as TypeDef
from codegen.lap.directives import Unknown as Unknown
from codegen.lap.document import Document as Document
from codegen.lap.document import Endpoint as Endpoint
from codegen.lap.document import Group as Group
from codegen.lap.errors import LapSyntaxError as LapSyntaxError
from codegen.lap.errors import LapWarning as LapWarning
from codegen.lap.grammar import MAX_DEPTH as MAX_DEPTH
from codegen.lap.grammar import METHODS as METHODS
from codegen.lap.grammar import SCALARS as SCALARS
from codegen.lap.parser import parse as parse
from codegen.lap.types import Block as Block
from codegen.lap.types import Enum as Enum
from codegen.lap.types import ErrorEntry as ErrorEntry
from codegen.lap.types import ListOf as ListOf
from codegen.lap.types import MapOf as MapOf
from codegen.lap.types import Member as Member
from codegen.lap.types import Named as Named
from codegen.lap.types import Position as Position
from codegen.lap.types import Record as Record
from codegen.lap.types import Scalar as Scalar
from codegen.lap.types import TocEntry as TocEntry
from codegen.lap.types import Type as Type
