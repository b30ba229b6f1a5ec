"""The words and patterns of the LAP format.

The patterns take linear time. A repeat is over characters that cannot begin what comes after it, so
after a failure it gives its characters back one by one, and each retry fails at its first
character. A pattern that is tried at every comma looks no further than the next comma. The format
needs no possessive quantifiers and no atomic groups, which Python 3.11.0 to 3.11.4 match wrongly.
"""

import re

__all__ = [
    "ANY_DIRECTIVE",
    "ANY_TYPE",
    "CODE",
    "COLON_AND_TYPE",
    "COMMENT_END",
    "DEFAULT_END",
    "DESCRIPTION_END",
    "GROUP",
    "INTEGER",
    "IN_ENDPOINT",
    "IN_PREAMBLE",
    "KEYWORD",
    "KNOWN",
    "MAX_DEPTH",
    "METHOD",
    "METHODS",
    "NAME",
    "PARENTHESISED",
    "PATH",
    "PATH_PARAMETER",
    "REPEATABLE",
    "REQUIRED",
    "SCALARS",
    "TRIVIA_LINE",
    "TYPE_NAME",
    "TYPE_WORD",
    "VERSION",
]

MAX_DEPTH = 64
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
SCALARS = ("any", "bool", "bytes", "float", "int", "map", "num", "str")

IN_PREAMBLE = frozenset(
    {"lap", "api", "base", "version", "auth", "common_fields", "endpoints", "hint", "toc", "type"}
)
IN_ENDPOINT = frozenset(
    {"desc", "auth", "body", "required", "optional", "returns", "errors", "example_request"}
)
_STRUCTURE = frozenset({"group", "endgroup", "endpoint", "end", ""})  # "" is the end of the text
KNOWN = IN_PREAMBLE | IN_ENDPOINT | _STRUCTURE
REPEATABLE = frozenset({"type", "returns"})
REQUIRED = ("api", "endpoints")

KEYWORD = re.compile(r"@([A-Za-z_][\w-]*)", re.ASCII)
TRIVIA_LINE = re.compile(r" *(?:#[^\r\n]*)?(?:\r?\n|\Z)")
VERSION = re.compile(r"v(\d{1,9})\.\d{1,9}(?![^ \r\n])", re.ASCII)
INTEGER = re.compile(r"(?:0|[1-9]\d{0,8})(?!\d)", re.ASCII)
CODE = re.compile(r"\d+", re.ASCII)
METHOD = re.compile(rf"(?:{'|'.join(METHODS)})(?!\S)")
PATH = re.compile(r"/[^\s{}]*(?:\{[^\s{}/]+\}[^\s{}]*)*")
PATH_PARAMETER = re.compile(r"\{([^{}]+)\}")
GROUP = re.compile(r"[^\s(),]+")
# A name ends at the first colon that white space follows: `header:trace: str`.
NAME = re.compile(r"[A-Za-z_$][\w$.:-]*?(?=:\s)", re.ASCII)
TYPE_NAME = re.compile(r"[A-Z][\w$.-]*", re.ASCII)
TYPE_WORD = re.compile(r"[A-Za-z_$][\w$.-]*", re.ASCII)
PARENTHESISED = re.compile(r"[^(){}\r\n]+(?=\))")
COLON_AND_TYPE = re.compile(r":[^\s:,{}]+")

# Free text ends at a comma only if what follows reads as the next item of the list.
_MEMBER_AHEAD = (
    rf"(?=\s*{NAME.pattern}:\s+"
    rf"(?:\[|enum\(|(?:{'|'.join(SCALARS)}|[A-Z][\w$.-]*)(?=\??\s*[,}}=#{{(<])))"
)
COMMENT_END = re.compile(rf",{_MEMBER_AHEAD}", re.ASCII)
DEFAULT_END = re.compile(rf"\s|,(?:(?=\s)|{_MEMBER_AHEAD})", re.ASCII)
DESCRIPTION_END = re.compile(r",(?=\s*\d{3}\s*[:,}])", re.ASCII)

ANY_DIRECTIVE = "a directive such as '@endpoint', a '#' comment, or a blank line"
ANY_TYPE = f"one of {', '.join(SCALARS)}, or '[T]', 'map<K,V>', 'enum(a/b)', or a capitalised name"
