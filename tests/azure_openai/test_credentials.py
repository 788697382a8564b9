"""Keys, tokens and credentials: each in its header, and none of them anywhere else."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace

import pytest

from tarash.tarash_gateway import generate_image, generate_image_async, generate_video
from tarash.tarash_gateway.errors import AuthenticationError, ConfigurationError, InvalidResponseError
from tarash.tarash_gateway.models import ImageGenerationConfig
from tarash_gateway_openai import clients
from tarash_gateway_sandbox import SandboxServer

JWT = "eyJhbGciOi.eyJhdWQiOi.c2lnbmF0dXJl"
GIVEN = "provider_config['credential']"
GIVE_ANOTHER = "give a credential of azure-identity, such as DefaultAzureCredential()"
SCOPE = "https://ai.azure.com/.default"
DATED = "2025-04-01-preview"


class Credential:
    """As azure-identity's: blocking, and told for which scope."""

    def __init__(self, token=JWT):
        self.token, self.scopes, self.threads = token, [], []

    def get_token(self, *scopes, **_):
        self.scopes += scopes
        self.threads.append(threading.current_thread())
        return SimpleNamespace(token=f"{self.token}{len(self.scopes)}", expires_on=0)


class AsyncCredential(Credential):
    """As those of azure.identity.aio."""

    async def get_token(self, *scopes, **options):
        await asyncio.sleep(0)
        return super().get_token(*scopes, **options)


async def token_later():
    await asyncio.sleep(0)
    return JWT


@pytest.mark.parametrize("version", [None, DATED], ids=["v1", "deployments"])
def test_a_key_goes_into_its_own_header_on_both_routes(
    drawing_nothing, make_image, image_config, image_request, posts, version
):
    make_image(image_config(api_key="the-key-0123", api_version=version), image_request())

    (sent,) = posts()
    assert sent.headers["api-key"] == "the-key-0123"
    assert "authorization" not in sent.headers


@pytest.mark.parametrize("version", [None, DATED], ids=["v1", "deployments"])
@pytest.mark.parametrize("key", [JWT, lambda: JWT, token_later], ids=["text", "function", "async-function"])
def test_a_token_is_a_bearer_on_both_routes(
    drawing_nothing, make_image, image_config, image_request, posts, key, version
):
    make_image(image_config(api_key=key, api_version=version), image_request())

    (sent,) = posts()
    assert sent.headers["authorization"] == f"Bearer {JWT}"
    assert "api-key" not in sent.headers


def test_a_token_of_the_environment_is_a_bearer_too(drawing_nothing, monkeypatch, image_config, image_request, posts):
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", JWT)

    generate_image(image_config(api_key=None), image_request())

    assert posts()[0].headers["authorization"] == f"Bearer {JWT}"


@pytest.mark.parametrize("kind", [Credential, AsyncCredential])
def test_a_credential_is_asked_at_each_request_in_both_flows(
    tarash_sandbox, make_video, video_config, video_request, monkeypatch, kind
):
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", "not-this-one")
    credential = kind()

    make_video(video_config(api_key=None, provider_config={"credential": credential}), video_request())

    sent = tarash_sandbox.requests
    assert len(sent) >= 3
    assert [r.headers["authorization"] for r in sent] == [f"Bearer {JWT}{at}" for at in range(1, len(sent) + 1)]
    assert all("api-key" not in request.headers for request in sent)
    assert set(credential.scopes) == {"https://ai.azure.com/.default"}


def test_the_scope_can_be_another(drawing_nothing, image_config, image_request):
    credential = Credential()
    scope = "https://cognitiveservices.azure.com/.default"
    config = image_config(api_key=None, provider_config={"credential": credential, "scope": scope})

    generate_image(config, image_request())

    assert credential.scopes == [scope]


def test_a_blocking_credential_does_not_hold_up_the_event_loop(drawing_nothing, image_config, image_request):
    credential = Credential()

    asyncio.run(
        generate_image_async(image_config(api_key=None, provider_config={"credential": credential}), image_request())
    )

    assert credential.threads
    assert threading.main_thread() not in credential.threads


def test_one_credential_is_one_client(drawing_nothing, image_config, image_request):
    credential, before = Credential(), drawing_nothing.connections

    for model in ("a", "b", "c"):
        generate_image(image_config(model, api_key=None, provider_config={"credential": credential}), image_request())
    generate_image(image_config(api_key=None, provider_config={"credential": Credential()}), image_request())

    assert drawing_nothing.connections - before == 2
    assert "eyJ" not in repr(list(clients._sdks._sync))


def test_a_token_that_the_server_quotes_is_masked_in_each_call(tarash_sandbox, image_config, image_request, answering):
    tarash_sandbox.play(answering({"error": {"message": f"no good: {JWT}1, {JWT}2"}}, status=401), times=2)
    config = image_config(api_key=None, provider_config={"credential": Credential()})

    for _ in range(2):
        with pytest.raises(AuthenticationError) as caught:
            generate_image(config, image_request())
        assert JWT not in f"{caught.value} {caught.value.raw}"

    assert "The key was looked for in api_key, then in provider_config['credential']." in str(caught.value)


class Broken:
    def get_token(self, *_, **__):
        msg = "client_secret=hush"
        raise RuntimeError(msg)


class Empty:
    def get_token(self, *_, **__):
        return SimpleNamespace(token="")


@pytest.mark.parametrize(
    ("inputs", "text"),
    [
        (
            {"credential": Broken()},
            f"{GIVEN} (Broken) raised RuntimeError when it was asked for a token for {SCOPE}; nothing was sent",
        ),
        (
            {"credential": Empty()},
            f"{GIVEN} (Empty) gave no token for {SCOPE}; nothing was sent",
        ),
        (
            {"credential": "DefaultAzureCredential"},
            f"{GIVEN} is a str, which has no get_token; {GIVE_ANOTHER}",
        ),
        (
            {"credential": Credential(), "scope": 5},
            "provider_config['scope'] must be text, such as https://ai.azure.com/.default",
        ),
    ],
    ids=["raises", "empty", "no-credential", "scope"],
)
def test_a_credential_that_gives_no_token_is_told_as_that(
    tarash_sandbox, make_image, image_config, image_request, inputs, text
):
    with pytest.raises(ConfigurationError) as caught:
        make_image(image_config(api_key=None, provider_config=inputs), image_request())

    assert str(caught.value) == text
    assert tarash_sandbox.requests == []


def test_a_key_and_a_credential_are_one_too_many(tarash_sandbox, image_config, image_request):
    with pytest.raises(ConfigurationError) as caught:
        generate_image(image_config(provider_config={"credential": Credential()}), image_request())

    assert str(caught.value) == "api_key and provider_config['credential'] are both given; leave one of them out"


@pytest.mark.parametrize("key", ["the-key-0123", JWT, lambda: JWT], ids=["key", "token", "function"])
def test_nothing_of_openais_own_goes_to_azure(
    drawing_nothing, monkeypatch, make_image, image_config, image_request, posts, key
):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-of-openai")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-openai")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-of-openai")
    headers = ("openai-organization: org-of-openai", "OPENAI-PROJECT: proj-of-openai", "OpenAI-Project: proj-of-openai")
    options = ("authorization: Bearer sk-of-openai", "Api-Key: sk-of-openai", "X-Trace: 7")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "\n".join((*headers, *options)))

    make_image(image_config(api_key=key), image_request())

    (sent,) = posts()
    assert "of-openai" not in f"{dict(sent.headers)}"
    assert "x-trace" not in sent.headers
    assert ("api-key" in sent.headers) != ("authorization" in sent.headers)


def test_an_azure_key_goes_to_no_other_address(tarash_sandbox, monkeypatch, image_request, posts):
    with SandboxServer() as other:
        monkeypatch.setenv("OPENAI_BASE_URL", other.url)
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", tarash_sandbox.origin)
        generate_image(ImageGenerationConfig(provider="azure_openai", model="d", api_key="key-0123"), image_request())

        assert other.requests == []
    assert len(posts()) == 1


@pytest.mark.parametrize("key", ["the-key-0123", JWT], ids=["key", "token"])
def test_a_redirect_is_not_followed_with_an_azure_key(
    tarash_sandbox, make_image, image_config, image_request, answering, key
):
    with SandboxServer() as other:
        tarash_sandbox.play(answering({}, status=307, location=f"{other.origin}/openai/v1/images/generations"))
        with pytest.raises(InvalidResponseError, match=r"^the server redirects to 127\.0\.0\.1, which is not followed"):
            make_image(image_config(api_key=key), image_request())

        assert other.requests == []


def test_a_refused_key_says_where_it_was_looked_for(tarash_sandbox, make_image, image_config, image_request):
    with pytest.raises(AuthenticationError) as caught:
        make_image(image_config(api_key="sk-invalid-0123456789"), image_request())

    assert "The key was looked for in api_key, then in AZURE_OPENAI_API_KEY." in str(caught.value)
    assert "sk-invalid" not in str(caught.value)


def test_a_config_with_a_credential_is_dumped_without_it(video_config):
    config = video_config(api_key=None, provider_config={"credential": Credential(), "scope": "s"})

    assert config.model_dump()["provider_config"] == {"scope": "s"}
    assert "Credential" not in repr(config)


def test_a_long_job_uses_the_token_of_the_moment(tarash_sandbox, video_config, video_request, answering):
    tarash_sandbox.play(answering({"id": "video_1", "status": "queued"}), method="POST")
    tarash_sandbox.play(answering({"id": "video_1", "status": "cancelled"}), method="GET")
    inputs = iter([f"{JWT}-first", f"{JWT}-second"])

    with pytest.raises(Exception, match="job video_1 was cancelled"):
        generate_video(video_config(api_key=lambda: next(inputs)), video_request())

    assert [sent.headers["authorization"][-6:] for sent in tarash_sandbox.requests] == ["-first", "second"]
