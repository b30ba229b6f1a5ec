"""The environment variable that shows a client's log: ``ACME_LOG=debug`` for a package ``acme``."""

from __future__ import annotations

import functools
import logging
import os
import re
import sys
from collections.abc import Mapping
from typing import TextIO

from ecrclient._awsjson.protocol.errors import ConfigurationError

__all__ = ["show_log", "variable_of"]

_LEVELS = ("debug", "info", "warning", "error")
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@functools.cache
def variable_of(package: str) -> str:
    """Return the name of a package's variable: ``ACME_CLIENT_LOG`` for ``acme.client``."""
    return f"{re.sub(r'[^A-Z0-9]+', '_', package.upper())}_LOG"


def show_log(package: str, environ: Mapping[str, str] | None = None) -> None:
    """Set the level of a package's logger and write its lines to stderr, if the variable is set.

    Idempotent. Lines that a handler of the application shows are not written.

    Args:
        package: The generated package, whose name is that of its logger.
        environ: The environment; None: that of the process.

    Raises:
        ConfigurationError: The variable does not contain a level.
    """
    variable = variable_of(package)
    level = (os.environ if environ is None else environ).get(variable)
    if not level:
        return
    if level.lower() not in _LEVELS:
        raise ConfigurationError(
            f"environment variable {variable} must be one of {', '.join(_LEVELS)}, not {level!r}"
        )
    logger = logging.getLogger(package)
    if not any(isinstance(handler, _StderrHandler) for handler in logger.handlers):
        logger.addHandler(_StderrHandler(logger))
        logger.setLevel(level.upper())


class _StderrHandler(logging.StreamHandler[TextIO]):
    """Writes the lines of a logger that no other handler shows."""

    def __init__(self, logger: logging.Logger) -> None:
        super().__init__()
        self._logger = logger
        self.setFormatter(logging.Formatter(_FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line."""
        if not self._is_shown_elsewhere(record):
            self.stream = sys.stderr  # a test or a service may have replaced it
            super().emit(record)

    def _is_shown_elsewhere(self, record: logging.LogRecord) -> bool:
        logger: logging.Logger | None = self._logger
        while logger is not None:
            for handler in logger.handlers:
                is_silent = handler is self or isinstance(handler, logging.NullHandler)
                if not is_silent and record.levelno >= handler.level:
                    return True
            logger = logger.parent if logger.propagate else None
        return False
