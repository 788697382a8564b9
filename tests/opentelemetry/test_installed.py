"""Installing the distribution is enough; without a provider it imports nothing and does nothing."""

import json
import subprocess
import sys
import textwrap

from tarash.tarash_gateway import plugin_report

CALL = """
    from tarash.tarash_gateway import generate_image
    from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest

    def call():
        config = ImageGenerationConfig(provider="openai", model="gpt-image-2", base_url=URL, api_key="sk-of-the-tests")
        generate_image(config, ImageGenerationRequest(prompt="a lighthouse", size="1024x1024", quality="low"))
"""

UNTRACED = """
    import sys
    call()
    print(*sorted(name for name in sys.modules if name.startswith("opentelemetry")))
    import opentelemetry.trace, opentelemetry.metrics
    call()
    print("opentelemetry.sdk" in sys.modules)
"""

TRACED = """
    import json
    call()  # before the application has set anything
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    trace.set_tracer_provider(TracerProvider())
    trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
    metrics.set_meter_provider(MeterProvider([reader]))
    call()
    (scope,) = reader.get_metrics_data().resource_metrics[0].scope_metrics
    print(json.dumps([span.name for span in exporter.get_finished_spans()]))
    print(json.dumps([metric.name for metric in scope.metrics]))
    print(scope.scope.name, scope.scope.version, scope.scope.schema_url)
"""


def printed_by(program, url):
    code = f"URL = {url!r}\n{textwrap.dedent(CALL)}\n{textwrap.dedent(program)}"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_it_is_found_by_its_entry_point():
    (found,) = [report for report in plugin_report() if report.distribution == "tarash-gateway-opentelemetry"]

    assert (found.name, found.group, found.status) == ("opentelemetry", "tarash_gateway.observers", "ok")
    assert found.hooks == ("tarash_after_generate", "tarash_before_generate", "tarash_job_updated")


def test_without_opentelemetry_in_the_process_nothing_of_it_is_imported(tarash_sandbox):
    assert printed_by(UNTRACED, tarash_sandbox.url) == ["", "False"]


def test_providers_that_the_application_sets_are_told(tarash_sandbox):
    spans, figures, scope = printed_by(TRACED, tarash_sandbox.url)

    assert json.loads(spans) == ["generate_content gpt-image-2", "generate_image"]
    assert set(json.loads(figures)) == {
        "gen_ai.client.operation.duration",
        "gen_ai.client.token.usage",
        "tarash.client.cost",
    }
    assert scope == "tarash_gateway_opentelemetry 1.0.0 https://opentelemetry.io/schemas/1.41.0"
