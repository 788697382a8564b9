"""Every cell of `docs/portability.md`, sent to the sandbox's face of its vendor: what arrives is what the plan showed."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from tarash.tarash_gateway import check_request, generate_image, generate_video
from tarash.tarash_gateway.capabilities import SizeRule
from tarash.tarash_gateway.models import ImageGenerationRequest, VideoGenerationRequest

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore::tarash.tarash_gateway.capabilities.lifecycle.ModelLifecycleWarning"  # every row, retired ones too
    ),
    pytest.mark.sampled,
]

PAGE = runpy.run_path(str(Path(__file__).parents[2] / "scripts" / "portability.py"))
GONE = [
    (provider, row.model)
    for kind in ("image", "video")
    for provider, row in PAGE["rows"](kind, living=False)
    if provider in ("google", "openrouter") and row.lifecycle.status == "retired"
]
"""What no face serves any more."""


def every(kind):
    rows = PAGE["rows"](kind, living=False)
    return pytest.mark.parametrize(("provider", "row"), rows, ids=[f"{provider}-{row.model}" for provider, row in rows])


def inputs(request, names):
    """The fields of a request that are given, among `names`."""
    values = {name: getattr(request, name) for name in names if hasattr(request, name)}
    return {name: value for name, value in values.items() if value not in (None, [], {})}


WIRE_NAMES = ("prompt", "size", "aspect_ratio", "resolution", "quality", "style", "background", "output_format", "seed")


def wanted(request):
    """The fields as they have to arrive, whatever the vendor calls them."""
    fields = inputs(request, (*WIRE_NAMES, "negative_prompt", "generate_audio", "duration_seconds"))
    return {**fields, "n": request.n, **request.extra_params}


def openai_image(request):
    return {"n": 1, **request.json}


def openai_video(request):
    body = dict(request.fields or request.json)
    seconds = float(body.pop("seconds"))
    return {"n": 1, **body, "duration_seconds": seconds}


def google_image(request):
    body = request.json
    settings = dict(body["generationConfig"])
    assert settings.pop("responseModalities") == ["IMAGE"]
    image = settings.pop("imageConfig", {})
    names = {"aspect_ratio": image.get("aspectRatio"), "resolution": image.get("imageSize"), **settings}
    return {"prompt": body["contents"][0]["parts"][0]["text"], "n": 1, **present(names)}


def omni(request):
    body = request.json
    requested = body["response_format"]
    names = {"aspect_ratio": requested.get("aspect_ratio"), "resolution": requested.get("resolution")}
    seconds = requested.get("duration")
    return {
        "prompt": body["input"],
        "n": 1,
        **present(names),
        **({"duration_seconds": float(seconds.removesuffix("s"))} if seconds else {}),
    }


def veo(request):
    parameters = request.json["parameters"]
    names = {
        "n": parameters.get("sampleCount", 1),
        "duration_seconds": parameters.get("durationSeconds"),
        "aspect_ratio": parameters.get("aspectRatio"),
        "resolution": parameters.get("resolution"),
        "generate_audio": parameters.get("generateAudio"),
        "negative_prompt": parameters.get("negativePrompt"),
        "seed": parameters.get("seed"),
    }
    return {"prompt": request.json["instances"][0]["prompt"], **present(names)}


def openrouter(request):
    body = dict(request.json)
    for options in body.pop("provider", {}).get("options", {}).values():
        body["negative_prompt"] = options["parameters"]["negativePrompt"]
    if "duration" in body:
        body["duration_seconds"] = body.pop("duration")
    return {"n": 1, **body}


def xai(request):
    body = dict(request.json)
    body.pop("response_format", None)
    if "duration" in body:
        body["duration_seconds"] = float(body.pop("duration"))
    return {"n": 1, **body}


def fal(request):
    body = dict(request.json)
    size = body.pop("image_size", None)
    names = {
        "n": body.pop("num_images", 1),
        "size": f"{size['width']}x{size['height']}" if isinstance(size, dict) else size,
        "duration_seconds": float(str(body.pop("duration")).removesuffix("s")) if "duration" in body else None,
    }
    return {**present(names), **body, "model": request.path.removeprefix("/fal/")}


def present(fields):
    return {name: value for name, value in fields.items() if value is not None}


def arrived(kind, provider, model, request):
    """The creating request in our words."""
    if provider == "openrouter":
        fields = openrouter(request)
    elif provider in ("xai", "fal"):
        fields = xai(request) if provider == "xai" else fal(request)
    elif provider in ("openai", "azure_openai"):
        fields = openai_image(request) if kind == "image" else openai_video(request)
    elif kind == "image":
        return google_image(request)
    else:
        return veo(request) if model.startswith("veo") else omni(request)
    assert fields.pop("model") == model
    return fields


CREATING = ("/generations", "/videos", "/images", "/interactions", ":generateContent", ":predictLongRunning")


def check_cell(faces, config, call, request, shown):
    """Sends a cell and holds what arrives against its plan."""
    kind = "image" if isinstance(request, ImageGenerationRequest) else "video"
    before = len(faces.requests)
    response = call(config, request)
    (sent,) = [
        item
        for item in faces.requests[before:]
        if item.method == "POST" and (item.path.startswith("/fal/") or item.path.partition("?")[0].endswith(CREATING))
    ]
    assert arrived(kind, config.provider, config.model, sent) == wanted(shown.request)
    assert tuple(response.adjustments) == shown.adjustments
    reported = {warning.partition(":")[0] for warning in response.warnings}
    assert set(shown.left_out) <= reported


@every("image")
def test_every_typical_image_request_runs_on_every_model(faces, config_for, provider, row):
    for _, fields in PAGE["IMAGE_REQUESTS"]:
        shown = PAGE["planned"]("image", provider, row.model, fields)
        assert shown.problems == ()
        request = ImageGenerationRequest(prompt="a pier", **fields)
        config = config_for("image", provider, row.model, unsupported_values="nearest")
        check_cell(faces, config, generate_image, request, shown)


@every("video")
def test_every_typical_video_request_runs_on_every_model(faces, config_for, provider, row):
    for _, fields in PAGE["VIDEO_REQUESTS"]:
        shown = PAGE["planned"]("video", provider, row.model, fields)
        assert shown.problems == ()
        if (provider, row.model) in GONE:
            continue
        request = VideoGenerationRequest(prompt="a pier", **fields)
        config = config_for("video", provider, row.model, unsupported_values="nearest")
        check_cell(faces, config, generate_video, request, shown)


@every("image")
def test_the_pages_example_runs_by_default_on_every_model_that_has_its_size(faces, config_for, provider, row):
    example = {"size": "1792x1024", "quality": "hd", "style": "vivid"}
    shown = PAGE["planned"]("image", provider, row.model, example, unsupported_values="error")
    request = ImageGenerationRequest(prompt="a pier", **example)
    config = config_for("image", provider, row.model)
    if row.sizes and not isinstance(row.sizes, SizeRule):
        takes = "1792x1024" in row.sizes or "1792x1024" in row.substitutes.get("size", {})
    else:
        takes = True  # any size, or none of its own: then it is left out and told
    assert (shown.problems == ()) is takes
    if takes:
        check_cell(faces, config, generate_image, request, shown)
    else:
        assert [problem.field for problem in check_request(config, request)] == ["size"]
