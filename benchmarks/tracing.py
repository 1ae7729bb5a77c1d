"""Benchmark of spans: what one call's cost, switched off and sent to a collector.

    python benchmarks/tracing.py

Prints microseconds a call of the spans' own work. A call to the fastest model takes
thousands.
"""

from __future__ import annotations

import time

from opentelemetry import trace

from fellowship.models.client import Reply, Request
from fellowship.models.record.tracing import call_span, set_reply
from fellowship.records import Message
from fellowship.usage import Usage

CALLS = 20_000
ASKED = Request(
    messages=(Message(role="user", content="How deep is a lake?"),),
    sampling={"temperature": 0.7, "max_tokens": 100, "seed": 1},
    session="s",
    seat="judge_forward",
    role="judge",
)
SAID = Reply(text="Deep.", finish="stop", usage=Usage(30, 3), call="c" * 64)
TO = {"provider": "openai", "endpoint": "http://127.0.0.1:8000/v1"}


def microseconds_a_call(calls: int) -> float:
    """Microseconds a call."""
    began = time.perf_counter()
    for _ in range(calls):
        with call_span(ASKED, "gpt-4o", TO) as span:
            set_reply(span, SAID)
    return 1e6 * (time.perf_counter() - began) / calls


def main() -> None:
    """Off first: a provider can't be taken away again."""
    microseconds_a_call(1000)
    off = min(microseconds_a_call(CALLS) for _ in range(5))
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import (
        BatchSpanProcessor,
        SpanExporter,
        SpanExportResult,
    )

    class NullExporter(SpanExporter):
        def export(self, spans: object) -> SpanExportResult:
            return SpanExportResult.SUCCESS

    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(NullExporter()))
    trace.set_tracer_provider(provider)
    on = min(microseconds_a_call(CALLS) for _ in range(5))
    provider.shutdown()
    print(f"off {off:.1f} us a call, on {on:.1f} us a call")


if __name__ == "__main__":
    main()
