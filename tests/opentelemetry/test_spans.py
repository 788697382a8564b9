"""A span for the call, one below it for each attempt, in the words of the GenAI conventions."""

from urllib.parse import urlsplit

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from tarash.tarash_gateway import generate_image
from tarash.tarash_gateway.errors import AuthenticationError, InvalidRequestError
from tarash_gateway_sandbox import Answer

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


def test_a_call_is_a_span_with_its_attempt_below_it(telemetry, make_image, image_config, image_request):
    make_image(image_config(), image_request())

    call, attempt = telemetry.spans
    assert (call.name, call.kind) == ("generate_image", SpanKind.INTERNAL)
    assert (attempt.name, attempt.kind) == ("generate_content dall-e-2", SpanKind.CLIENT)
    assert call.parent is None
    assert attempt.parent.span_id == call.context.span_id
    assert telemetry.still_open == 0


def test_an_attempt_has_the_attributes_of_the_conventions(
    telemetry, tarash_sandbox, make_image, image_config, image_request
):
    response = make_image(image_config("gpt-image-2"), image_request(size="1024x1024", quality="low"))

    known = telemetry.spans[1].attributes
    address = urlsplit(tarash_sandbox.url)
    assert {name: value for name, value in known.items() if not name.startswith("tarash.")} == {
        "gen_ai.operation.name": "generate_content",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-image-2",
        "gen_ai.output.type": "image",
        "gen_ai.response.id": response.provider_request_id,
        "gen_ai.usage.input_tokens": response.usage["input_tokens"],
        "gen_ai.usage.text.input_tokens": response.usage["input_tokens_details"]["text_tokens"],
        "gen_ai.usage.image.input_tokens": 0,
        "gen_ai.usage.output_tokens": response.usage["output_tokens"],
        "gen_ai.usage.text.output_tokens": 0,
        "gen_ai.usage.image.output_tokens": response.usage["output_tokens_details"]["image_tokens"],
        "server.address": address.hostname,
        "server.port": address.port,
    }


def test_what_the_conventions_have_no_word_for_is_ours(telemetry, make_image, image_config, image_request):
    response = make_image(image_config("gpt-image-2"), image_request(size="1024x1024", quality="low"))

    call, attempt = (dict(span.attributes) for span in telemetry.spans)
    assert call == {
        "tarash.request_id": response.request_id,
        "tarash.operation": "generate",
        "tarash.kind": "image",
        "tarash.provider": "openai",
        "tarash.model": "gpt-image-2",
        "tarash.attempts": 1,
    }
    assert {name: value for name, value in attempt.items() if name.startswith("tarash.") and name not in call} == {
        "tarash.attempt": 1,
        "tarash.request.size": "1024x1024",
        "tarash.request.quality": "low",
        "tarash.provider_request_id": response.provider_request_id,
        "tarash.cost_usd": response.cost,
        "tarash.cost_source": response.cost_source,
        "tarash.outputs": 1,
    }


def test_a_seed_and_a_number_of_pictures_have_names_in_the_conventions(telemetry, image_config, image_request):
    generate_image(image_config(), image_request(n=2))

    assert telemetry.spans[1].attributes["gen_ai.request.choice.count"] == 2


def test_azure_is_named_as_the_conventions_name_it(telemetry, tarash_sandbox, make_image, image_config, image_request):
    config = image_config("my-deployment", provider="azure-openai", base_url=tarash_sandbox.origin)
    make_image(config, image_request(size="1024x1024"))

    assert telemetry.spans[1].attributes["gen_ai.provider.name"] == "azure.ai.openai"
    assert telemetry.spans[1].attributes["tarash.provider"] == config.provider


def test_each_config_of_a_chain_is_a_span(telemetry, tarash_sandbox, make_image, image_config, image_request):
    tarash_sandbox.play(Answer(401, body=b"{}"))
    chain = image_config(fallback_configs=(image_config("dall-e-3"),))
    make_image(chain, image_request(size="1024x1024"))

    call, first, second = telemetry.spans
    assert [span.parent.span_id for span in (first, second)] == [call.context.span_id] * 2
    assert (first.name, first.status.status_code) == ("generate_content dall-e-2", StatusCode.ERROR)
    assert (second.name, second.status.status_code) == ("generate_content dall-e-3", StatusCode.UNSET)
    assert call.status.status_code == StatusCode.UNSET
    assert call.attributes["tarash.attempts"] == 2
    assert [span.attributes["tarash.attempt"] for span in (first, second)] == [1, 2]


def test_an_error_is_told_with_its_class_and_our_message(
    telemetry, tarash_sandbox, make_image, image_config, image_request
):
    tarash_sandbox.play(Answer(401, body=b'{"error":{"message":"no such key","code":"invalid_api_key"}}'))
    with pytest.raises(AuthenticationError) as caught:
        make_image(image_config(), image_request())

    for span in telemetry.spans:
        assert span.attributes["error.type"] == "AuthenticationError"
        assert span.attributes["tarash.error.code"] == "invalid_api_key"
        assert span.attributes["tarash.error.status_code"] == 401
        assert span.attributes["tarash.error.billable"] == "no"
        assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, str(caught.value))
        (event,) = span.events
        assert event.name == "exception"
        assert dict(event.attributes) == {
            "exception.type": "tarash.tarash_gateway.errors.AuthenticationError",
            "exception.message": str(caught.value),
        }


def test_a_prompt_that_the_vendor_quotes_is_not_in_the_span(telemetry, tarash_sandbox, image_config, image_request):
    prompt = 'a "lighthouse" at dusk — störung'
    tarash_sandbox.play(
        Answer(422, body=b'{"error":{"message":"input: a \\"lighthouse\\" at dusk \\u2014 st\\u00f6rung"}}')
    )
    with pytest.raises(InvalidRequestError, match=r"input: \[prompt\]"):
        generate_image(image_config(), image_request(prompt))

    assert "input: [prompt]" in telemetry.spans[1].status.description
    assert "lighthouse" not in "".join(span.to_json() for span in telemetry.spans)


def test_an_address_that_is_none_is_left_out(telemetry, image_config):
    from datetime import UTC, datetime

    from tarash.tarash_gateway.plugins import CallContext, CallOutcome

    context = CallContext("req_1", "image", "generate", "acme", "m", "https://[half", datetime.now(UTC), attempt=1)
    telemetry.observer.tarash_before_generate(context)
    telemetry.observer.tarash_after_generate(context, CallOutcome(0.1))

    (span,) = telemetry.spans
    assert "server.address" not in span.attributes
