"""How long requests took, how many tokens they used and what they cost, by the names of the conventions."""

import pytest

from tarash.tarash_gateway import generate_image, poll_video, resume_video, submit_video
from tarash.tarash_gateway.errors import AuthenticationError
from tarash_gateway_sandbox import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")

DURATION = "gen_ai.client.operation.duration"
TOKENS = "gen_ai.client.token.usage"
BOUNDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)


def test_a_request_is_measured_once(telemetry, tarash_sandbox, make_image, image_config, image_request):
    response = make_image(image_config("gpt-image-2"), image_request(size="1024x1024", quality="low"))

    (point,) = telemetry.points(DURATION)
    assert point.count == 1
    assert 0 < point.sum < 60
    assert telemetry.metrics[DURATION].unit == "s"
    assert point.explicit_bounds[: len(BOUNDS)] == BOUNDS
    assert point.explicit_bounds[-1] > 1200, "a video takes minutes"
    tokens = {point.attributes["gen_ai.token.type"]: point.sum for point in telemetry.points(TOKENS)}
    assert tokens == {kind: response.usage[f"{kind}_tokens"] for kind in ("input", "output")}
    assert telemetry.metrics[TOKENS].unit == "{token}"


def test_what_a_point_says_has_few_values(telemetry, image_config, image_request):
    generate_image(image_config(), image_request())

    (point,) = telemetry.points(DURATION)
    assert {name: value for name, value in point.attributes.items() if not name.startswith("server.")} == {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "dall-e-2",
        "gen_ai.output.type": "image",
        "tarash.operation": "generate",
    }


def test_each_attempt_is_measured_and_an_error_has_its_class(telemetry, tarash_sandbox, image_config, image_request):
    tarash_sandbox.play(Answer(401, body=b"{}"))
    generate_image(image_config(fallback_configs=(image_config("dall-e-3"),)), image_request(size="1024x1024"))

    errors = {
        point.attributes["gen_ai.request.model"]: point.attributes.get("error.type")
        for point in telemetry.points(DURATION)
    }
    assert errors == {"dall-e-2": "AuthenticationError", "dall-e-3": None}


def test_a_cost_is_added_up_by_who_says_it(telemetry, image_config, image_request):
    config = image_config("gpt-image-2")
    responses = [generate_image(config, image_request(size="1024x1024", quality="low")) for _ in range(2)]

    (point,) = telemetry.points("tarash.client.cost")
    assert point.value == pytest.approx(sum(response.cost for response in responses))
    assert point.value > 0
    assert point.attributes["tarash.cost_source"] == "computed"


def test_submit_look_and_resume_are_told_apart(telemetry, video_config, video_request):
    job = submit_video(video_config(), video_request())
    poll_video(video_config(), job)
    response = resume_video(video_config(), job)

    operations = {
        (point.attributes["gen_ai.operation.name"], point.attributes["tarash.operation"])
        for point in telemetry.points(DURATION)
    }
    assert operations == {("generate_content", "submit"), ("fetch_response", "poll"), ("fetch_response", "resume")}
    assert [point.value for point in telemetry.points("tarash.client.cost")] == [response.cost]


def test_figures_without_spans(telemetry, image_config, image_request):
    from tarash.tarash_gateway import register_plugin
    from tarash_gateway_opentelemetry import OpenTelemetryObserver

    telemetry.tracer_provider.shutdown()
    figures = OpenTelemetryObserver(meter_provider=telemetry.observer._sources._meter_provider)
    with register_plugin(figures):
        generate_image(image_config(), image_request())

    assert len(figures._open) == 0
    assert telemetry.points(DURATION)[0].count == 2


def test_the_names_of_the_newest_conventions_are_there_for_who_opts_in(
    telemetry, image_config, image_request, monkeypatch
):
    monkeypatch.setenv("OTEL_SEMCONV_STABILITY_OPT_IN", "http,gen_ai_latest_experimental")
    response = generate_image(image_config("gpt-image-2"), image_request(size="1024x1024", quality="low"))

    assert set(telemetry.metrics) == {
        "gen_ai.client.inference.duration",
        "gen_ai.client.inference.usage.input_tokens",
        "gen_ai.client.inference.usage.output_tokens",
        "tarash.client.cost",
    }
    (made,) = telemetry.points("gen_ai.client.inference.usage.output_tokens")
    assert made.attributes["gen_ai.token.modality"] == "image"
    assert made.value == response.usage["output_tokens"]


def test_a_refusal_is_measured_too(telemetry, tarash_sandbox, make_image, image_config, image_request):
    tarash_sandbox.play(Answer(401, body=b"{}"))
    with pytest.raises(AuthenticationError):
        make_image(image_config(), image_request())

    assert [point.count for point in telemetry.points(DURATION)] == [1]
