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

RUNTIME = f"{PROJECT}._awsjson"
"""The runtime's package."""

ROOT_ERROR = "ECRClientError"
"""The root of everything that a client raises."""

BATCHING = f"{RUNTIME}.many.batching"
CLIENT = f"{RUNTIME}.client"
CONFIG = f"{RUNTIME}.settings.resolution"
CREDENTIALS = f"{RUNTIME}.credentials"
ENDPOINT_RULES = f"{RUNTIME}.settings.partitions"
ERRORS = f"{RUNTIME}.protocol.errors"
LAZY = f"{RUNTIME}.support.lazy_import"
MIDDLEWARE = f"{RUNTIME}.over_httpx.middleware"
OPERATION = f"{RUNTIME}.protocol.operation"
PAGINATION = f"{RUNTIME}.many.pagination"
PARTIAL = f"{RUNTIME}.many.partial_response"
RAW_RESPONSE = f"{RUNTIME}.protocol.raw_response"
RETRY = f"{RUNTIME}.calling.retry"
SHAPES = f"{RUNTIME}.protocol.shapes"
TRANSPORT = f"{RUNTIME}.over_httpx.pooled_transport"
VERSION = f"{RUNTIME}.version"
WAITING = f"{RUNTIME}.many.waiting"
WARMING = f"{RUNTIME}.calling.warming"
