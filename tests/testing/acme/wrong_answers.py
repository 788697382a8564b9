"""A plugin that reads one form of an answer only, holds the key, or ignores a setting, is told so."""

from __future__ import annotations

from contextlib import asynccontextmanager

import acme_films
from acme_by_hand import AcmeProvider, _trusted
from acme_kit import AcmeKit
from openai_kit import base64_of
from wrong import Wrong

from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, Provider
from tarash_gateway_testing import answers


class FirstSource(AcmeProvider):
    """Takes the base64 where there is some, and the address only where there is none at all."""

    async def generate_image_async(self, prepared, *, timeout):
        answer = await self.call("POST", "/pictures", timeout, self.picture_body(prepared))
        items = answer["pictures"]
        counts = answer["usage"]["output_tokens"]
        outputs = [
            ImageOutput(base64=item["b64_json"]) if "b64_json" in item else ImageOutput(url=item["url"])
            for item in items
        ]
        return ImageAnswer(outputs, cost=counts * 0.001 if isinstance(counts, int | float) else 0.001)


class Trimming(acme_films.AcmeProvider):
    """Decodes images by itself, and takes those that it knows."""

    async def generate_image_async(self, prepared, *, timeout):
        answer = await super().generate_image_async(prepared, timeout=timeout)
        for output in answer.outputs:
            output.url = output.url.replace("/kit/", "/kit/../")
        return answer


class Direct(AcmeProvider):
    """Takes no proxy at all."""

    @asynccontextmanager
    async def request(self, method, path, timeout, body=None, headers=None):
        import httpx2

        address = path if "://" in path else f"{self.endpoint}{path}"
        async with (
            httpx2.AsyncClient(verify=_trusted(), trust_env=False, timeout=timeout) as client,
            client.stream(method, address, json=body, headers={"x-acme-key": self.key}) as response,
        ):
            yield response


class WithoutList(AcmeProvider):
    find_video_async = Provider.find_video_async


class CountingKit(AcmeKit):
    """The vendor gives base64 and says what it counted."""

    @answers("image", "POST /pictures")
    def pictures(self, request):
        items = [{"b64_json": base64_of(request.image(at))} for at in range(request.json["count"])]
        return {"pictures": items, "usage": {"output_tokens": 4160}}


class Ungrateful(AcmeProvider):
    """Takes a video only where nothing stands behind its end."""

    async def download_video_async(self, job, sink, *, timeout, index=0):
        class Strict:
            offset = sink.offset
            begin = staticmethod(sink.begin)

            @staticmethod
            def write(chunk):
                sink.write(chunk.rstrip(b"\0"))

        await super().download_video_async(job, Strict, timeout=timeout, index=index)


WRONG = {
    "reads strict JSON only": Wrong(
        "test_json_with_an_odd_character_is_read",
        "the answer to an image request was JSON with a Latin-1 byte: InvalidResponseError",
        params={"form": "a Latin-1 byte"},
    ),
    "prices a count that it cannot read": Wrong(
        "test_a_count_is_read_as_it_is_meant",
        "counts were written as null: the cost is 0.001, not None",
        make=FirstSource,
        base=CountingKit,
        params={"count": "null"},
    ),
    "takes the first source": Wrong(
        "test_an_image_is_taken_from_the_source_that_works",
        "the base64 of an image was cut, and its address worked: InvalidResponseError",
        make=FirstSource,
        base=CountingKit,
        params={"spoiled": "cut"},
    ),
    "loses an unusual image": Wrong(
        "test_an_image_of_an_unusual_format_is_handed_over",
        "the image was AVIF: ",
        make=Trimming,
        params={"form": "AVIF"},
    ),
    "drops an item that failed": Wrong(
        "test_an_item_that_failed_costs_only_itself", "item 2 of 2 was blocked, 1 images and [", params={}
    ),
    "knows one code of moderation": Wrong(
        "test_a_refusal_in_words_of_the_safety_system_is_moderation",
        "an image request was refused with 'Your request was rejected by our safety system",
    ),
    "trips over a heartbeat": Wrong(
        "test_events_with_odd_lines_are_read",
        "the stream came with an empty event: ",
        params={"form": "an empty event"},
    ),
    "reads no whole answer": Wrong(
        "test_a_whole_answer_in_place_of_a_stream_is_read",
        "a whole answer (Application/JSON) came in place of a stream: UnconfirmedGenerationError",
        params={"content_type": "Application/JSON"},
    ),
    "knows one word for done": Wrong(
        "test_a_synonym_of_a_status_is_understood",
        "the vendor said 'SUCCESS' of a job that is completed: GenerationTimeoutError",
        params={"state": "completed", "word": "SUCCESS"},
    ),
    "knows one shape of a reason": Wrong(
        "test_a_reason_in_a_list_is_told", "the reason of a failed job was the list ['the worker crashed']: "
    ),
    "takes text for an id": Wrong(
        "test_an_id_that_is_a_number_is_one", "the id of a job was the number 4711: ", make=WithoutList
    ),
    "cuts what stands behind the end": Wrong(
        "test_bytes_behind_the_end_of_a_video_are_taken",
        "8 zero bytes stood behind the end of a video: ",
        make=Ungrateful,
    ),
    "fetches from inside": Wrong(
        "test_a_name_that_leads_inside_is_not_fetched",
        "the address of a result led to http://files.of-the-kit.test:",
        params={"kind": "video", "way": "address"},
    ),
    "holds the key": Wrong(
        "test_no_local_and_no_cause_holds_the_key",
        "image failed (401), and the key is in\nacme_by_hand:",
        params={"role": "image", "fault": "401"},
    ),
    "ignores headers of the config": Wrong(
        "test_headers_of_the_config_go_out", "1 requests were sent, some without the header of the config: it gave"
    ),
    "does not look at proxies": Wrong(
        "test_a_proxy_that_cannot_be_used_is_told",
        "HTTP_PROXY='nonsense': it gave ImageGenerationResponse",
        make=Direct,
        params={"variable": "HTTP_PROXY"},
    ),
    "ignores what it does not know": Wrong(
        "test_a_misspelt_setting_is_refused", "provider_config had 'heders', 2 requests were sent, and it gave"
    ),
}
