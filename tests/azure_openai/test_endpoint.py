"""Every spelling of an address, and the exact URL that goes out for it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from tarash.tarash_gateway.errors import ConfigurationError
from tarash.tarash_gateway.models import ImageGenerationConfig, VideoGenerationConfig
from tarash.tarash_gateway.plugins.http import HttpClient
from tarash_gateway_azure_openai.connection import connect
from tarash_gateway_azure_openai.endpoint import read_endpoint
from tarash_gateway_openai import clients

AZURE = "https://my-resource.openai.azure.com"
DATED = "2025-04-01-preview"

V1 = f"{AZURE}/openai/v1/{{}}"
DEPLOYED = f"{AZURE}/openai/deployments/dep/{{}}?api-version={DATED}"

# The address, api_version of the config, the URL of a picture, the URL of a video; {} is the path.
ADDRESSES = {
    "bare": (AZURE, None, V1, V1),
    "slash": (f"{AZURE}/", None, V1, V1),
    "slashes": (f"{AZURE}//", None, V1, V1),
    "openai": (f"{AZURE}/openai", None, V1, V1),
    "openai-slash": (f"{AZURE}/openai/", None, V1, V1),
    "v1": (f"{AZURE}/openai/v1", None, V1, V1),
    "v1-slash": (f"{AZURE}/openai/v1/", None, V1, V1),
    "blanks": (f"  {AZURE}/ ", None, V1, V1),
    "upper-case": ("HTTPS://My-Resource.OpenAI.Azure.COM/", None, V1, V1),
    "port": (f"{AZURE}:443/", None, V1, V1),
    "fragment": (f"{AZURE}/#keys", None, V1, V1),
    "target-uri-of-v1": (f"{AZURE}/openai/v1/images/generations", None, V1, V1),
    "target-uri-of-videos": (f"{AZURE}/openai/v1/videos?api-version=preview", None, *[f"{V1}?api-version=preview"] * 2),
    "target-uri": (f"{AZURE}/openai/deployments/x/images/generations?api-version={DATED}", None, DEPLOYED, V1),
    "target-uri-of-a-deployment-named-openai": (
        f"{AZURE}/openai/deployments/openai/images/generations?api-version={DATED}",
        None,
        DEPLOYED,
        V1,
    ),
    "dated-config": (f"{AZURE}/", DATED, DEPLOYED, V1),
    "dated-config-and-v1-address": (f"{AZURE}/openai/v1/", DATED, DEPLOYED, V1),
    "dated-address": (f"{AZURE}/?api-version={DATED}", None, DEPLOYED, V1),
    "dated-address-with-v1": (f"{AZURE}/openai/v1?api-version={DATED}", None, DEPLOYED, V1),
    "dated-without-preview": (AZURE, "2025-04-01", DEPLOYED.replace("-preview", ""), V1),
    "config-wins": (f"{AZURE}?api-version=2024-02-01", DATED, DEPLOYED, V1),
    "config-leads-back-to-v1": (f"{AZURE}?api-version={DATED}", "v1", *[f"{V1}?api-version=v1"] * 2),
    "preview": (AZURE, "preview", *[f"{V1}?api-version=preview"] * 2),
    "latest": (AZURE, "latest", *[f"{V1}?api-version=latest"] * 2),
    "empty-version": (f"{AZURE}/?api-version=", None, V1, V1),
    "version-in-capitals": (f"{AZURE}/?API-Version=preview", None, *[f"{V1}?api-version=preview"] * 2),
    "other-parameters": (
        f"{AZURE}/?a=b%20c&api-version={DATED}",
        None,
        f"{DEPLOYED}".replace("?", "?a=b+c&"),
        f"{V1}?a=b+c",
    ),
    "foundry": ("https://r.services.ai.azure.com", None, *["https://r.services.ai.azure.com/openai/v1/{}"] * 2),
    "foundry-models": (
        "https://r.services.ai.azure.com/models",
        None,
        *["https://r.services.ai.azure.com/openai/v1/{}"] * 2,
    ),
    "foundry-project": (
        "https://r.services.ai.azure.com/api/projects/my-project",
        None,
        *["https://r.services.ai.azure.com/openai/v1/{}"] * 2,
    ),
    "foundry-project-v1": (
        "https://r.services.ai.azure.com/api/projects/my-project/openai/v1/",
        None,
        *["https://r.services.ai.azure.com/openai/v1/{}"] * 2,
    ),
    "cognitive-services": (
        "https://westus.cognitiveservices.azure.com/",
        DATED,
        f"https://westus.cognitiveservices.azure.com/openai/deployments/dep/{{}}?api-version={DATED}",
        "https://westus.cognitiveservices.azure.com/openai/v1/{}",
    ),
    "government": ("https://r.openai.azure.us/", None, *["https://r.openai.azure.us/openai/v1/{}"] * 2),
    "gateway": ("https://gw.azure-api.net", None, *["https://gw.azure-api.net/openai/v1/{}"] * 2),
    "gateway-prefix": ("https://gw.azure-api.net/team/a/", None, *["https://gw.azure-api.net/team/a/openai/v1/{}"] * 2),
    "gateway-prefix-v1": (
        "https://gw.azure-api.net/team/openai/v1",
        DATED,
        f"https://gw.azure-api.net/team/openai/deployments/dep/{{}}?api-version={DATED}",
        "https://gw.azure-api.net/team/openai/v1/{}",
    ),
    "gateway-named-openai": (
        "https://gw.azure-api.net/openai/openai/v1",
        None,
        *["https://gw.azure-api.net/openai/openai/v1/{}"] * 2,
    ),
    "gateway-with-openai-in-its-prefix": (
        "https://gw.azure-api.net/openai/team",
        None,
        *["https://gw.azure-api.net/openai/team/openai/v1/{}"] * 2,
    ),
    "gateway-without-openai": ("https://gw.azure-api.net/llm/v1/", None, *["https://gw.azure-api.net/llm/v1/{}"] * 2),
    "gateway-target-uri-without-openai": (
        f"https://gw.azure-api.net/llm/deployments/x/images/edits?api-version={DATED}",
        None,
        f"https://gw.azure-api.net/llm/deployments/dep/{{}}?api-version={DATED}",
        "https://gw.azure-api.net/llm/v1/{}",
    ),
    "gateway-key": (
        "https://gw.azure-api.net/llm?subscription-key=s",
        None,
        *["https://gw.azure-api.net/llm/openai/v1/{}?subscription-key=s"] * 2,
    ),
    "loopback": ("http://127.0.0.1:8080/", None, *["http://127.0.0.1:8080/openai/v1/{}"] * 2),
    "loopback-v6": ("http://[::1]:8080", None, *["http://[::1]:8080/openai/v1/{}"] * 2),
    "not-quite-azures-host": (
        "https://openai.azure.com.example/x",
        None,
        *["https://openai.azure.com.example/x/openai/v1/{}"] * 2,
    ),
}


@pytest.mark.parametrize(("address", "version", "picture", "video"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_leads_to_one_url_for_pictures_and_one_for_videos(address, version, picture, video):
    fixed = {"provider": "azure_openai", "model": "dep", "api_key": "k", "base_url": address, "api_version": version}

    assert url_of(ImageGenerationConfig(**fixed), "/images/generations") == picture.format("images/generations")
    assert url_of(VideoGenerationConfig(**fixed), "/videos") == video.format("videos")


def url_of(config, path):
    """The URL of a request, which the SDK makes of it too, and what the transport puts behind it."""
    from openai._models import FinalRequestOptions

    connection, _ = connect(config)
    wire, sdk = HttpClient(connection).wire(), clients.sdk_of(connection)
    own = wire.url(path)
    sdks = sdk.blocking._build_request(FinalRequestOptions(method="post", url=path, headers={"Authorization": "x"}))
    assert (own.scheme, own.host, own.port, own.target) == (
        sdks.url.raw_scheme,
        sdks.url.raw_host,
        sdks.url.port,
        sdks.url.raw_path,
    )
    assert (wire.netloc.decode(), b"?" in own.target) == (sdks.headers["host"], False)
    return str(sdks.url) + (f"?{urlencode(connection.query)}" if connection.query else "")


def test_a_deployments_name_is_quoted_in_a_path():
    assert read_endpoint(AZURE).deployment("a b/c") == f"{AZURE}/openai/deployments/a%20b%2Fc"


def test_a_version_of_the_environment_counts_where_no_other_is_named():
    assert read_endpoint(AZURE, None, DATED).api_version == DATED
    assert read_endpoint(f"{AZURE}?api-version=preview", None, DATED).api_version == "preview"
    assert read_endpoint(f"{AZURE}?api-version=preview", "latest", DATED).api_version == "latest"


NO_ADDRESS = "is not an address: it must begin with https:// (or http://) and name a host"


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (
            "my-resource.openai.azure.com?subscription-key=secret",
            f"base_url 'my-resource.openai.azure.com' {NO_ADDRESS}",
        ),
        (
            "https://host:port/",
            f"base_url 'https://host:port/' {NO_ADDRESS}",
        ),
        (
            "https://[half",
            f"base_url 'https://[half' {NO_ADDRESS}",
        ),
        (
            "https://me:secret@gw.example/",
            "base_url of gw.example carries a user name or a password; give the key as api_key",
        ),
    ],
    ids=["no-scheme", "port", "half-an-address", "password"],
)
def test_what_is_no_address_is_refused_without_its_secrets(address, text):
    with pytest.raises(ConfigurationError) as caught:
        read_endpoint(address)

    assert str(caught.value) == text


def test_a_version_that_is_nearly_a_date_is_refused():
    with pytest.raises(ConfigurationError) as caught:
        read_endpoint(AZURE, "2025-4-1")

    assert str(caught.value) == (
        "api_version '2025-4-1' is no version: a dated one is YYYY-MM-DD or YYYY-MM-DD-preview; leave it out for the "
        "v1 route"
    )


def test_what_may_hold_a_gateways_key_is_not_shown():
    endpoint = read_endpoint("https://gw.azure-api.net/llm?subscription-key=secret")
    config = VideoGenerationConfig(
        provider="azure_openai",
        model="dep",
        api_key="k",
        base_url="https://gw.azure-api.net/llm?subscription-key=secret",
    )
    connection, _ = connect(config)

    assert "secret" not in f"{endpoint} {connection} {connection.identity} {connection.base_url}"
