"""Traces and metrics with OpenTelemetry; only the OpenTelemetry SDK needs configuration.

This program prints spans and the histogram of durations. A service exports them to an OTLP
collector or exposes the metrics to Prometheus. Requires ecrclient[otel] and opentelemetry-sdk.

    python examples/telemetry.py
"""

from __future__ import annotations

import anyio
from demo import parser, sample_registry
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from ecrclient import ECRClient
from ecrclient.errors import RepositoryNotFoundException


def line(span: ReadableSpan) -> str:
    """Format a span as one line."""
    attributes = span.attributes or {}
    code = attributes.get("error.type", attributes.get("http.response.status_code", ""))
    return f"span    {span.name:<28} {code}\n"


def set_up() -> MeterProvider:
    """Configure OpenTelemetry; a service does this once, before it creates its clients."""
    resource = Resource.create({"service.name": "example"})
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(formatter=line)))
    trace.set_tracer_provider(tracing)
    reader = PeriodicExportingMetricReader(ConsoleMetricExporter())
    metering = MeterProvider([reader], resource=resource)
    metrics.set_meter_provider(metering)
    return metering


async def work(ecr: ECRClient) -> None:
    """Make some calls, one of which fails."""
    with trace.get_tracer("example").start_as_current_span("nightly report"):
        async for repository in ecr.describe_repositories():
            await ecr.describe_images(repository_name=repository.repository_name)
        try:
            await ecr.describe_images(repository_name="team/nothing")
        except RepositoryNotFoundException as error:
            print(f"failed {error.code}, request id {error.request_id}")


async def main() -> None:
    given = parser(__doc__).parse_args()
    memory = await sample_registry()
    metering = set_up()
    if given.region or given.profile:
        client = ECRClient(region=given.region, profile=given.profile)
    else:
        client = memory.client()
    async with client as ecr:
        await work(ecr)
    metering.shutdown()  # exports what is pending


if __name__ == "__main__":
    anyio.run(main)
