"""The provider: OpenAI's protocol, and what Azure's content filter says with a good status."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from typing import Any

from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError
from tarash.tarash_gateway.models import GenerationConfig, ImageGenerationRequest
from tarash.tarash_gateway.plugins import ImageAnswer, ImagePart, Prepared
from tarash_gateway_azure_openai.connection import connect
from tarash_gateway_openai import OpenAIProvider
from tarash_gateway_openai.faults import categories_of, stage_of


class AzureOpenAIProvider(OpenAIProvider):
    """One deployment of one resource."""

    def __init__(self, config: GenerationConfig) -> None:
        connection, credentials = connect(config)
        super().__init__(config, connection, key_variable=credentials.source)

    def generate_image(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        with _filtered():
            return super().generate_image(prepared, timeout=timeout)

    async def generate_image_async(self, prepared: Prepared[ImageGenerationRequest], *, timeout: float) -> ImageAnswer:
        with _filtered():
            return await super().generate_image_async(prepared, timeout=timeout)

    def stream_image(
        self, prepared: Prepared[ImageGenerationRequest], *, timeout: float
    ) -> Iterator[ImagePart | ImageAnswer]:
        with _filtered():
            yield from super().stream_image(prepared, timeout=timeout)

    async def stream_image_async(
        self, prepared: Prepared[ImageGenerationRequest], *, timeout: float
    ) -> AsyncIterator[ImagePart | ImageAnswer]:
        parts: Any = super().stream_image_async(prepared, timeout=timeout)
        with _filtered():
            async with aclosing(parts):
                async for part in parts:
                    yield part


@contextmanager
def _filtered() -> Iterator[None]:
    """An answer without a picture may be one whose pictures were withheld, each saying so for itself."""
    try:
        yield
    except ContentPolicyError as error:
        fault = error.raw.get("error") if isinstance(error.raw, Mapping) else None
        if isinstance(fault, Mapping):
            error.stage = stage_of(fault)
        raise
    except InvalidResponseError as error:
        withheld = _withheld(error.raw)
        if not withheld:
            raise
        categories = tuple(dict.fromkeys(name for item in withheld for name in categories_of(item)))
        msg = f"the content filter withheld the result: {_told(categories)}"
        known: dict[str, Any] = {"status_code": error.status_code, "raw": error.raw, "billable": "yes"}
        raise ContentPolicyError(msg, stage="output", categories=categories, **known) from error


def _withheld(raw: object) -> list[Mapping[str, Any]]:
    """The items of an answer that have no picture and name what the filter objected to."""
    data = raw.get("data") if isinstance(raw, Mapping) else None
    items = [item for item in data if isinstance(item, Mapping)] if isinstance(data, list) else []
    return [item for item in items if not item.get("b64_json") and not item.get("url") and categories_of(item)]


def _told(categories: tuple[str, ...]) -> str:
    return ", ".join(categories)
