"""The runtime that generated code imports: its path is only here."""

from __future__ import annotations

__all__ = [
    "BATCHING",
    "CLIENT",
    "CONTAINER_CREDENTIALS",
    "CONVERSIONS",
    "COROUTINE_FUNCTION",
    "CREDENTIALS",
    "ENDPOINT_RULES",
    "ERRORS",
    "HANDLE",
    "INSTANCE_METADATA",
    "LAZY",
    "MANY_ERRORS",
    "MIDDLEWARE",
    "OPERATION",
    "OPTIONS",
    "PAGINATION",
    "PARTIAL",
    "PARTITIONS",
    "POOLED_TRANSPORT",
    "PROJECT",
    "RAW_RESPONSE",
    "RESPONSE_METADATA",
    "RETRY_POLICY",
    "ROOT_ERROR",
    "RUNTIME",
    "SCALARS",
    "SERVICE_ERROR",
    "SHAPES",
    "TRANSPORT_ERRORS",
    "UNIONS",
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
CONTAINER_CREDENTIALS = f"{RUNTIME}.credentials.container"
INSTANCE_METADATA = f"{RUNTIME}.credentials.instance_metadata"
ENDPOINT_RULES = f"{RUNTIME}.settings.endpoint_rules"
ERRORS = f"{RUNTIME}.protocol.errors"
HANDLE = f"{RUNTIME}.handle"
MANY_ERRORS = f"{RUNTIME}.many.errors"
SERVICE_ERROR = f"{RUNTIME}.protocol.service_error"
UNIONS = f"{RUNTIME}.protocol.unions"
TRANSPORT_ERRORS = f"{RUNTIME}.transport.errors"
LAZY = f"{RUNTIME}.support.lazy_import"
MIDDLEWARE = f"{RUNTIME}.over_httpx.middleware"
OPERATION = f"{RUNTIME}.protocol.operation"
PAGINATION = f"{RUNTIME}.many.pagination"
PARTITIONS = f"{RUNTIME}.settings.partitions"
PARTIAL = f"{RUNTIME}.many.partial_response"
RAW_RESPONSE = f"{RUNTIME}.protocol.raw_response"
RESPONSE_METADATA = f"{RUNTIME}.protocol.response_metadata"
RETRY_POLICY = f"{RUNTIME}.settings.retry_policy"
SCALARS = f"{RUNTIME}.protocol.scalars"
SHAPES = f"{RUNTIME}.protocol.shapes"
POOLED_TRANSPORT = f"{RUNTIME}.over_httpx.pooled_transport"
VERSION = f"{RUNTIME}.version"
WAITING = f"{RUNTIME}.many.waiting"
WARMING = f"{RUNTIME}.calling.warming"
