"""The plugin of `acme_films` as people wrote them before there was an HTTP kit: everything by hand.

It reads each answer in one form, and its requests hold the key. Mistakes of all kinds inherit from it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit

from acme_films import HOME, KEY_VARIABLE, SPEC, STATES

from tarash.tarash_gateway.capabilities import ImageModel
from tarash.tarash_gateway.errors import (
    ConfigurationError,
    ConnectionFailedError,
    ContentPolicyError,
    InvalidResponseError,
    JobExpiredError,
    TarashError,
)
from tarash.tarash_gateway.models import VideoJob
from tarash.tarash_gateway.plugins import (
    ImageAnswer,
    ImageOutput,
    ImagePart,
    Provider,
    VideoStatus,
    error_for_status,
    hookimpl,
    mask,
    mask_all,
)

BY_HAND = SPEC.model_copy(update={"factory": "", "settings": None})


@hookimpl
def tarash_provider_specs():
    yield BY_HAND


@hookimpl
def tarash_create_provider(config):
    return AcmeProvider(config)


class AcmeProvider(Provider):
    def __init__(self, config):
        self.config = config
        self.endpoint = (config.base_url or HOME).rstrip("/")
        self.key = self.find_key()

    def find_key(self):
        own = self.config.api_key
        key = own.get_secret_value() if own is not None else os.environ.get(KEY_VARIABLE)
        if not key:
            msg = f"there is no key for acme_films: give api_key in the config, or set {KEY_VARIABLE}"
            raise ConfigurationError(msg)
        return key

    async def generate_image_async(self, prepared, *, timeout):
        answer = await self.call("POST", "/pictures", timeout, self.picture_body(prepared))
        pictures = answer.get("pictures")
        if not pictures:
            msg = "the answer holds no image"
            raise InvalidResponseError(msg, raw=answer)
        return ImageAnswer(
            [ImageOutput(base64=entry.get("data"), url=entry.get("at")) for entry in pictures], raw=answer
        )

    async def stream_image_async(self, prepared, *, timeout):
        body = self.picture_body(prepared)
        async with self.request("POST", "/pictures/live", timeout, body) as response:
            async for line in response.aiter_lines():
                if not line.startswith("data:"):
                    continue
                event = self.read(line.removeprefix("data:").encode(), response.status_code)
                output = ImageOutput(base64=event.get("data"))
                if event.get("done"):
                    yield ImageAnswer([output])
                    return
                yield ImagePart(output)

    async def submit_video_async(self, prepared, *, timeout):
        wanted = prepared.request
        body = {
            "model": prepared.model,
            "text": wanted.prompt,
            "shape": wanted.aspect_ratio,
            "tier": wanted.resolution,
            "length": None if wanted.duration_seconds is None else f"{wanted.duration_seconds:g}s",
            "takes": wanted.n,
            "sound": wanted.generate_audio,
            "picture": base64.b64encode(prepared.images[0].content).decode() if prepared.images else None,
        }
        try:
            answer = await self.call("POST", "/films", timeout, body)
            if not isinstance(answer["film"], str):
                msg = "the answer names no film"
                raise InvalidResponseError(msg)
            fixed = {"provider": self.config.provider, "model": prepared.model, "endpoint": self.endpoint}
            return self.status(answer, VideoJob(id=answer["film"], outputs=wanted.n, **fixed))
        except InvalidResponseError as error:
            error.billable = "unknown"  # a film may be there
            raise

    async def poll_video_async(self, job, *, timeout):
        with self.about(job):
            return self.status(await self.call("POST", "/films/look", timeout, {"film": job.id}), job)

    async def cancel_video_async(self, job, *, timeout):
        with self.about(job):
            return self.status(await self.call("POST", "/films/stop", timeout, {"film": job.id}), job)

    async def find_video_async(self, lost, *, timeout):
        answer = await self.call("GET", "/films", timeout)
        fixed = {"provider": self.config.provider, "endpoint": self.endpoint}
        return [
            self.status(
                item, VideoJob(id=item["film"], model=item["model"], asked={"prompt": item["text"]}, **fixed)
            ).job
            for item in answer["films"]
        ]

    async def download_video_async(self, job, sink, *, timeout, index=0):
        headers = {"range": f"bytes={sink.offset}-"} if sink.offset else {}
        with self.about(job):
            async with self.request("GET", job.provider_data["files"][index], timeout, headers=headers) as response:
                length = response.headers.get("content-length")
                starts = response.headers.get("content-range", "").removeprefix("bytes ").partition("-")[0]
                sink.begin(
                    length=int(length) if length else None,
                    resumed=response.status_code == 206 and starts == str(sink.offset),
                    content_type=response.headers.get("content-type"),
                )
                async for chunk in response.aiter_raw():
                    sink.write(chunk)

    async def fetch_models_async(self, *, timeout):
        answer = await self.call("GET", "/catalogue", timeout)
        items = answer.get("paints") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            msg = "the answer is no list of models"
            raise InvalidResponseError(msg, raw={"answer": answer})
        fixed = {"source": "https://acme-films.example/docs/paint", "checked_on": datetime.now(UTC).date()}
        return [ImageModel(model=entry["name"], qualities=tuple(entry["finishes"]), **fixed) for entry in items]

    def picture_body(self, prepared):
        wanted = prepared.request
        width, _, height = (wanted.size or "512x512").partition("x")
        return {
            "model": prepared.model,
            "text": wanted.prompt,
            "width": int(width),
            "height": int(height),
            "finish": wanted.quality,
            "manner": wanted.style,
            "file": wanted.output_format,
            "luck": wanted.seed,
            "avoid": wanted.negative_prompt,
            "count": wanted.n,
            "picture": base64.b64encode(prepared.images[0].content).decode() if prepared.images else None,
            **wanted.extra_params,
        }

    def status(self, answer, job):
        word = answer.get("state", "SHOOTING")
        if answer.get("kind") == "not_decent":
            msg = f"moderation ended film {job.id}"
            raise ContentPolicyError(msg, stage="output", job=job, billable="unknown")
        made = answer.get("since")
        news = {
            "status": STATES.get(word, "in_progress"),
            "vendor_status": None if word in STATES else word,
            "created_at": datetime.fromtimestamp(made, UTC) if made else None,
            "error_message": mask(answer.get("why") or "", [self.key]) or None,
            "provider_data": {"files": answer.get("files", [])},
        }
        reported = {name: value for name, value in news.items() if value is not None}
        return VideoStatus(job.model_copy(update=reported), raw=mask_all(answer, [self.key]))

    async def call(self, method, path, timeout, body=None):
        async with self.request(method, path, timeout, body) as response:
            return self.read(await response.aread(), response.status_code)

    def read(self, content, status):
        try:
            answer = json.loads(content)
        except ValueError as error:
            text = mask(content[:200].decode(errors="replace"), [self.key])
            msg = f"the answer is not JSON: {text!r}. Is base_url right?"
            raise InvalidResponseError(msg, status_code=status, retryable=True) from error
        return answer

    @asynccontextmanager
    async def request(self, method, path, timeout, body=None, headers=None):
        import httpx2

        address = path if "://" in path else f"{self.endpoint}{path}"
        at_home = urlsplit(address)[:2] == urlsplit(self.endpoint)[:2]
        credentials = {"x-acme-key": self.key} if at_home else {}
        try:
            async with (
                asyncio.timeout(timeout),
                httpx2.AsyncClient(verify=_trusted(), follow_redirects=False, timeout=None) as client,
                client.stream(method, address, json=body, headers={**credentials, **(headers or {})}) as response,
            ):
                if response.status_code >= 300:
                    raise self.refused(response.status_code, response.headers, await response.aread())
                yield response
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            msg = f"{address} cannot be reached ({type(error).__name__})"
            raise ConnectionFailedError(msg, retryable=True, billable="no") from error
        except (httpx2.HTTPError, TimeoutError) as error:
            msg = f"{address} gave no whole answer ({type(error).__name__})"
            raise ConnectionFailedError(msg, retryable=True, billable="unknown") from error

    def refused(self, status, headers, content):
        if status < 400:
            msg = "the server redirects, which is not followed: set base_url to where the API is"
            return InvalidResponseError(msg, status_code=status, billable="no")
        try:
            fault = json.loads(content)
        except ValueError:
            fault = {}
        text = mask(str(fault.get("fault") or "no reason was given"), [self.key])
        if fault.get("kind") == "not_decent":
            return ContentPolicyError(f"moderation refused it: {text}", status_code=status)
        return error_for_status(status, text, headers=headers, raw=mask_all(fault, [self.key]))

    def about(self, job):
        return _About(job)


class _About:
    """What goes wrong with a job that is known."""

    def __init__(self, job):
        self.job = job

    def __enter__(self):
        pass

    def __exit__(self, kind, error, trace):
        if isinstance(error, TarashError) and error.status_code in (404, 410):
            msg = f"film {self.job.id} is not there (any more): {error}"
            young = error.status_code == 404
            raise JobExpiredError(msg, status_code=error.status_code, retryable=young) from error


@cache
def _trusted():
    return ssl.create_default_context()
