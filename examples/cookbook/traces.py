"""Trace each request to PagerDuty with OpenTelemetry."""

import os

from opentelemetry import trace
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

import pdpyras

provider = TracerProvider()
# In production: a BatchSpanProcessor, with the exporter of your tracing backend.
provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
RequestsInstrumentor().instrument()

session = pdpyras.APISession(os.environ['PAGERDUTY_API_KEY'])
with trace.get_tracer('on-call-report').start_as_current_span('count services'):
    session.list_all('services')
