"""What these tests share: the real SDK with its exporter and reader in memory, and configs for the sandbox."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tarash.tarash_gateway import register_plugin
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash_gateway_opentelemetry import OpenTelemetryObserver

KEY = "sk-of-the-tests-0123456789"


@dataclass
class Told:
    """What OpenTelemetry was told."""

    observer: OpenTelemetryObserver
    tracer_provider: TracerProvider
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    @property
    def spans(self):
        """The finished spans, in the order in which they began."""
        return sorted(self.exporter.get_finished_spans(), key=lambda span: span.start_time)

    @property
    def tracer(self):
        """The application's own."""
        return self.tracer_provider.get_tracer("the application")

    @property
    def metrics(self):
        """The metrics by name."""
        telemetry = self.reader.get_metrics_data()
        resources = [] if telemetry is None else telemetry.resource_metrics
        return {
            metric.name: metric
            for resource in resources
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name):
        """The data points of a metric."""
        return list(self.metrics[name].data.data_points)

    @property
    def still_open(self):
        return len(self.observer._open)


@pytest.fixture(autouse=True)
def _only_the_observer_of_the_test(monkeypatch):
    from tarash.tarash_gateway.plugins import observers

    monkeypatch.setattr(observers, "_installed", ())
    monkeypatch.delenv("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", raising=False)
    monkeypatch.delenv("OTEL_SEMCONV_STABILITY_OPT_IN", raising=False)
    yield
    assert trace.get_current_span() is trace.INVALID_SPAN, "a call left its span behind as the current one"


@pytest.fixture
def telemetry():
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracer_provider, meter_provider = TracerProvider(), MeterProvider([reader])
    tracer_provider.add_span_processor(SimpleSpanProcessor(exporter))
    observer = OpenTelemetryObserver(tracer_provider, meter_provider)
    with register_plugin(observer):
        yield Told(observer, tracer_provider, exporter, reader)
    meter_provider.shutdown()
    tracer_provider.shutdown()


@pytest.fixture
def image_config(tarash_sandbox):
    def config(model="dall-e-2", **settings):
        fixed = {"provider": "openai", "api_key": KEY, "base_url": tarash_sandbox.url, **settings}
        return ImageGenerationConfig(model=model, **fixed)

    return config


@pytest.fixture
def video_config(tarash_sandbox):
    def config(model="sora-2", **settings):
        fixed = {"provider": "openai", "api_key": KEY, "base_url": tarash_sandbox.url, "poll_interval": 0.02}
        return VideoGenerationConfig(model=model, **{**fixed, **settings})

    return config


@pytest.fixture
def image_request():
    def request(prompt="a lighthouse at dusk", **fields):
        return ImageGenerationRequest(prompt=prompt, **{"size": "256x256", **fields})

    return request


@pytest.fixture
def video_request():
    def request(prompt="a lake at dawn", **fields):
        return VideoGenerationRequest(prompt=prompt, **fields)

    return request
