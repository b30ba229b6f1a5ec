"""The runtime that generated code imports: its path is only here."""

from __future__ import annotations

__all__ = [
    "BATCHING",
    "CLIENT",
    "CONVERSIONS",
    "COROUTINE_FUNCTION",
    "CREDENTIALS",
    "ENDPOINT_RULES",
    "ERRORS",
    "HANDLE",
    "LAZY",
    "MANY_ERRORS",
    "MIDDLEWARE",
    "OPERATION",
    "OPTIONS",
    "PAGINATION",
    "PARTIAL",
    "POOLED_TRANSPORT",
    "PROJECT",
    "RAW_RESPONSE",
    "RETRY_POLICY",
    "ROOT_ERROR",
    "RUNTIME",
    "SERVICE_ERROR",
    "SHAPES",
    "TRANSPORT_ERRORS",
    "VERSION",
    "WAITING",
    "WARMING",
]

PROJECT = "ecrclient"
"""The distribution that contains the runtime, and its public names."""

RUNTIME = f"{PROJECT}._awsjson"
"""The runtime's package."""

ROOT_ERROR = "AWSClientError"
"""The root of everything that a client raises; each package has its name for it."""

BATCHING = f"{RUNTIME}.many.batching"
CLIENT = f"{RUNTIME}.client"
OPTIONS = f"{RUNTIME}.settings.options"
CONVERSIONS = f"{RUNTIME}.protocol.conversions"
COROUTINE_FUNCTION = f"{RUNTIME}.support.coroutine_function"
CREDENTIALS = f"{RUNTIME}.credentials"
ENDPOINT_RULES = f"{RUNTIME}.settings.partitions"
ERRORS = f"{RUNTIME}.protocol.errors"
HANDLE = f"{RUNTIME}.handle"
MANY_ERRORS = f"{RUNTIME}.many.errors"
SERVICE_ERROR = f"{RUNTIME}.protocol.service_error"
TRANSPORT_ERRORS = f"{RUNTIME}.transport.errors"
LAZY = f"{RUNTIME}.support.lazy_import"
MIDDLEWARE = f"{RUNTIME}.over_httpx.middleware"
OPERATION = f"{RUNTIME}.protocol.operation"
PAGINATION = f"{RUNTIME}.many.pagination"
PARTIAL = f"{RUNTIME}.many.partial_response"
RAW_RESPONSE = f"{RUNTIME}.protocol.raw_response"
RETRY_POLICY = f"{RUNTIME}.settings.retry_policy"
SHAPES = f"{RUNTIME}.protocol.shapes"
POOLED_TRANSPORT = f"{RUNTIME}.over_httpx.pooled_transport"
VERSION = f"{RUNTIME}.version"
WAITING = f"{RUNTIME}.many.waiting"
WARMING = f"{RUNTIME}.calling.warming"
