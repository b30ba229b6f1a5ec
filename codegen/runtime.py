"""The runtime that generated code imports: its path is only here."""

from __future__ import annotations

__all__ = [
    "BATCHING",
    "CLIENT",
    "CONFIG",
    "CREDENTIALS",
    "ENDPOINT_RULES",
    "ERRORS",
    "LAZY",
    "MIDDLEWARE",
    "OPERATION",
    "PAGINATION",
    "PARTIAL",
    "PROJECT",
    "RAW_RESPONSE",
    "RETRY",
    "ROOT_ERROR",
    "RUNTIME",
    "SHAPES",
    "TRANSPORT",
    "VERSION",
    "WAITING",
    "WARMING",
]

PROJECT = "ecrclient"
"""The distribution that contains the runtime, and its public names."""

RUNTIME = f"{PROJECT}._runtime"
"""The runtime's package."""

ROOT_ERROR = "ECRClientError"
"""The root of everything that a client raises."""

BATCHING = f"{RUNTIME}.batching"
CLIENT = f"{RUNTIME}.client"
CONFIG = f"{RUNTIME}.config"
CREDENTIALS = f"{RUNTIME}.credentials"
ENDPOINT_RULES = f"{RUNTIME}.endpoint_rules"
ERRORS = f"{RUNTIME}.errors"
LAZY = f"{RUNTIME}.lazy"
MIDDLEWARE = f"{RUNTIME}.middleware"
OPERATION = f"{RUNTIME}.operation"
PAGINATION = f"{RUNTIME}.pagination"
PARTIAL = f"{RUNTIME}.partial"
RAW_RESPONSE = f"{RUNTIME}.raw_response"
RETRY = f"{RUNTIME}.retry"
SHAPES = f"{RUNTIME}.shapes"
TRANSPORT = f"{RUNTIME}.transport"
VERSION = f"{RUNTIME}.version"
WAITING = f"{RUNTIME}.waiting"
WARMING = f"{RUNTIME}.warming"
