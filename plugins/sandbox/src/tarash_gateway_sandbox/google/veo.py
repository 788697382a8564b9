"""Veo on Vertex AI: operations that are begun with a POST, and looked at with a POST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tarash_gateway_sandbox.google import checks
from tarash_gateway_sandbox.google.errors import GoogleError
from tarash_gateway_sandbox.google.models import RATIOS, RESOLUTIONS, VEO, VEO_SECONDS, video_size
from tarash_gateway_sandbox.google.refusals import refuse
from tarash_gateway_sandbox.google.state import Job, new_id, video_order
from tarash_gateway_sandbox.inputs import encode_base64, image_size
from tarash_gateway_sandbox.memory import Paid
from tarash_gateway_sandbox.replies import Answer, RawBytes, Reply, json_answer

if TYPE_CHECKING:
    from tarash_gateway_sandbox.vendor import Call, Vendor

INSTANCE_KEYS = ("prompt", "image", "lastFrame", "referenceImages", "video")
PARAMETER_KEYS = (
    "aspectRatio",
    "compressionQuality",
    "durationSeconds",
    "enhancePrompt",
    "generateAudio",
    "negativePrompt",
    "personGeneration",
    "resizeMode",
    "resolution",
    "sampleCount",
    "seed",
    "storageUri",
)
FAULTS = ("failed", "fewer_videos", "all_filtered", "lost_answer", "passing_400")
REASON = "Some videos were filtered out because they violated the usage guidelines: "


async def create(call: Call, vendor: Vendor) -> Reply:
    """Answers POST …/models/{model}:predictLongRunning."""
    model, named = checks.model_and_faults(call.name)
    refused = refuse(call, vendor, named)
    if refused is not None:
        return refused
    checks.known_model(model, VEO, call.version, "predictLongRunning")
    body = checks.fields(call.request.json, "request", ("instances", "parameters"))
    instances = body.get("instances")
    if not isinstance(instances, list) or len(instances) != 1:
        msg = "Exactly one instance is expected."
        raise GoogleError(400, msg)
    instance = checks.fields(instances[0], "instances[0]", INSTANCE_KEYS)
    parameters = checks.fields(body.get("parameters") or {}, "parameters", PARAMETER_KEYS)
    prompt = instance.get("prompt")
    if not isinstance(prompt, str) or not prompt:
        msg = "instances[0].prompt is required."
        raise GoogleError(400, msg)
    job = await _job(call, vendor, model, instance, parameters)
    job.faults = vendor.google.wanted(named, FAULTS)
    job.withheld = len(job.orders) if "all_filtered" in job.faults else int("fewer_videos" in job.faults)
    vendor.google.jobs.keep(job.id, job, len(call.request.body))
    vendor.paid.add(Paid("video", call.name, prompt, job.id, len(job.orders)))
    return RawBytes() if "lost_answer" in job.faults else json_answer({"name": job.id})


async def retrieve(call: Call, vendor: Vendor) -> Answer:
    """Answers POST …/models/{model}:fetchPredictOperation."""
    body = checks.proto_fields(call.request.json, "request", ("operationName",))
    name = body.get("operationName")
    job = vendor.google.jobs.get(name) if isinstance(name, str) else None
    if job is None or job.model != checks.model_and_faults(call.name)[0] or not str(name).startswith(call.project[1:]):
        msg = f"Operation {name} was not found."
        raise GoogleError(404, msg)
    job.looks += 1
    if "passing_400" in job.faults and job.looks <= 2:
        msg = "Multiple authentication credentials received. Please pass only one."
        raise GoogleError(400, msg)
    if not job.done:
        return json_answer({"name": job.id})
    if "failed" in job.faults:
        error = {"code": 13, "message": "Video generation failed. Please try again."}
        return json_answer({"name": job.id, "done": True, "error": error})
    videos = [await vendor.studio.video(order) for order in job.orders[job.withheld :]]
    response: dict[str, Any] = {"@type": "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"}
    if videos:
        encoded = [encode_base64(video) for video in videos]
        response["videos"] = [{"bytesBase64Encoded": text, "mimeType": "video/mp4"} for text in encoded]
    if job.withheld:
        reasons = [f"{REASON}{job.prompt}"] * job.withheld
        response |= {"raiMediaFilteredCount": job.withheld, "raiMediaFilteredReasons": reasons}
    return json_answer({"name": job.id, "done": True, "response": response})


async def _job(
    call: Call, vendor: Vendor, model: str, instance: Mapping[str, Any], parameters: Mapping[str, Any]
) -> Job:
    count = _one_of(parameters, "sampleCount", (1, 2, 3, 4), 1)
    seconds = _one_of(parameters, "durationSeconds", VEO_SECONDS, 8)
    ratio = _one_of(parameters, "aspectRatio", RATIOS, "16:9")
    tier = _one_of(parameters, "resolution", ("720p", "1080p", "4k"), "720p")
    _one_of(parameters, "personGeneration", ("dont_allow", "allow_adult", "allow_all"), "allow_adult")
    _one_of(parameters, "generateAudio", (True, False), default=True)
    reference = await _image(instance.get("image"), "image", vendor)
    await _image(instance.get("lastFrame"), "lastFrame", vendor)
    if instance.get("lastFrame") is not None and reference is None:
        msg = "lastFrame needs an image."
        raise GoogleError(400, msg)
    for item in instance.get("referenceImages") or []:
        found = checks.fields(item, "referenceImages", ("image", "referenceType"))
        _one_of(found, "referenceType", ("ASSET",), None)
        await _image(found.get("image"), "referenceImages.image", vendor)
    video = instance.get("video")
    if video is not None and not {"gcsUri", "bytesBase64Encoded"}.intersection(video):
        msg = "instances[0].video holds no video."
        raise GoogleError(400, msg)
    orders = [
        video_order(
            instance["prompt"],
            video_size(ratio, tier if tier in RESOLUTIONS else "720p"),
            seconds,
            model,
            reference=reference,
            number=number,
        )
        for number in range(count)
    ]
    name = f"{call.project[1:]}/publishers/google/models/{model}/operations/{new_id('')[:16]}"
    return Job(name, model, instance["prompt"], seconds, vendor.job_seconds, orders, project=call.project)


def _one_of(body: Mapping[str, Any], name: str, values: tuple[Any, ...], default: Any) -> Any:
    value = body.get(name, default)
    if not any(type(value) is type(item) and value == item for item in values):
        listed = ", ".join(str(item) for item in values)
        msg = f"Unsupported value for {name}: {value}. Supported values: {listed}."
        raise GoogleError(400, msg)
    return value


async def _image(value: object, place: str, vendor: Vendor) -> bytes | None:
    if value is None:
        return None
    found = checks.fields(value, place, ("bytesBase64Encoded", "gcsUri", "mimeType"))
    content = checks.data_of(found.get("bytesBase64Encoded"), f"{place}.bytesBase64Encoded")
    if await vendor.studio.run(image_size, content) is None:
        msg = f"{place} is no image."
        raise GoogleError(400, msg)
    return content
