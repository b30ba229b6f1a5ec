"""The exit codes of the command line."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ExitCode"]


class ExitCode(IntEnum):
    """The exit codes; scripts may rely on them."""

    OK = 0
    FAILURE = 1
    """A call or a file operation failed."""
    USAGE = 2
    """The arguments are wrong; nothing was sent."""
    NOT_PASSED = 3
    """A gate or a verification did not pass, or a cleanup left images that it was to delete."""
    INTERRUPTED = 130
    """Ctrl-C or SIGTERM."""
    OUTPUT_CLOSED = 141
    """The reader of the output closed it, as ``head`` does."""
