"""A plugin that spoils a download or a stream, or lets the key out, is told so."""

from __future__ import annotations

from contextlib import asynccontextmanager

from acme_by_hand import AcmeProvider, _trusted
from acme_kit import AcmeKit
from wrong import Wrong

from tarash.tarash_gateway.errors import GenerationFailedError, TarashError
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImagePart, Provider


class OverwritingSink:
    """Says of every answer that it goes on where the last one ended."""

    def __init__(self, sink):
        self.sink, self.offset = sink, sink.offset

    def begin(self, *, length, resumed, content_type):
        self.sink.begin(length=length, resumed=True, content_type=content_type)

    def write(self, chunk):
        self.sink.write(chunk)


class Upper(AcmeProvider):
    """Fetches a video twice, and takes the second one."""

    async def download_video_async(self, job, sink, *, timeout, index=0):
        await super().download_video_async(job, sink, timeout=timeout, index=index)
        sink.restart()
        await super().download_video_async(job, sink, timeout=timeout, index=index)


class Mending(AcmeProvider):
    """Decodes what comes as text."""

    async def download_video_async(self, job, sink, *, timeout, index=0):
        class Text(OverwritingSink):
            def write(self, chunk):
                self.sink.write(chunk.decode("utf-8", errors="replace").encode())

        await super().download_video_async(job, Text(sink), timeout=timeout, index=index)


class GivesUp(AcmeProvider):
    async def download_video_async(self, job, sink, *, timeout, index=0):
        try:
            await super().download_video_async(job, sink, timeout=timeout, index=index)
        except TarashError as error:
            raise GenerationFailedError("the video could not be fetched") from error


class Looking(AcmeProvider):
    """Has its own ideas of what is a video."""

    async def download_video_async(self, job, sink, *, timeout, index=0):
        class Strict(OverwritingSink):
            def begin(self, *, length, resumed, content_type):
                assert content_type.startswith("video/")
                self.sink.begin(length=length, resumed=resumed, content_type=content_type)

        await super().download_video_async(job, Strict(sink), timeout=timeout, index=index)


class Relative(AcmeProvider):
    """Gives addresses that nobody can fetch."""

    def read(self, content, status):
        answer = super().read(content, status)
        for entry in answer.get("pictures", ()):
            entry["at"] = entry["at"].replace("/kit/", "/elsewhere/")
        return answer


class Keyless(AcmeProvider):
    """Sends no key."""

    def __init__(self, config):
        super().__init__(config)
        self.key = "no key"


class FirstOnly(AcmeProvider):
    """Reads the first image of an answer."""

    async def generate_image_async(self, prepared, *, timeout):
        answer = await super().generate_image_async(prepared, timeout=timeout)
        return ImageAnswer(answer.outputs[:1], raw=answer.raw)


class Bearer(AcmeProvider):
    """Puts the key where most vendors look for it."""

    @asynccontextmanager
    async def request(self, method, path, timeout, body=None, headers=None):
        key, self.key = self.key, "no key"
        async with super().request(
            method, path, timeout, body, {"authorization": f"Bearer {key}", **(headers or {})}
        ) as response:
            yield response


class Following(AcmeProvider):
    @asynccontextmanager
    async def request(self, method, path, timeout, body=None, headers=None):
        import httpx2

        address = path if "://" in path else f"{self.endpoint}{path}"
        fixed = {"x-acme-key": self.key, **(headers or {})}
        async with (
            httpx2.AsyncClient(verify=_trusted(), follow_redirects=True, timeout=timeout) as client,
            client.stream(method, address, json=body, headers=fixed) as response,
        ):
            if response.status_code >= 300:
                raise self.refused(response.status_code, response.headers, await response.aread())
            yield response


class FetchesPictures(Following):
    """Fetches an image by itself, with its key."""

    async def generate_image_async(self, prepared, *, timeout):
        answer = await super().generate_image_async(prepared, timeout=timeout)
        outputs = []
        for output in answer.outputs:
            async with self.request("GET", output.url, timeout) as response:
                outputs.append(ImageOutput(content=await response.aread()))
        return ImageAnswer(outputs)


class NoParts(AcmeProvider):
    """Gives what is neither a part nor an answer."""

    async def stream_image_async(self, prepared, *, timeout):
        async for part in super().stream_image_async(prepared, timeout=timeout):
            if isinstance(part, ImageAnswer):
                yield part.outputs[0]


class EarlyAnswer(AcmeProvider):
    """Takes the last partial image for the result."""

    async def stream_image_async(self, prepared, *, timeout):
        last = None
        async for part in super().stream_image_async(prepared, timeout=timeout):
            last = part.output if isinstance(part, ImagePart) else part.outputs[0]
        yield ImageAnswer([last])


class Lingering(AcmeProvider):
    """Keeps the connection of a stream that nobody reads any more."""

    kept = []

    async def stream_image_async(self, prepared, *, timeout):
        stream = super().stream_image_async(prepared, timeout=timeout)
        self.kept.append(stream)
        while True:
            try:
                yield await anext(stream)
            except StopAsyncIteration:
                return


class Crashing(AcmeProvider):
    stream_image_async = Provider.stream_image_async

    def stream_image(self, prepared, *, timeout):
        raise NotImplementedError


class WithoutStream(AcmeKit):
    live = None


CUT = "test_a_download_that_is_cut_goes_on"
REDIRECT = "test_a_redirect_takes_the_key_nowhere"

WRONG = {
    "reads one image": Wrong(
        "test_several_images_of_one_request_all_come", "2 images were asked for, 1 different ones came", FirstOnly
    ),
    "the key in another header": Wrong(
        "test_the_key_is_where_the_vendor_looks_for_it",
        "the key of POST /v2/pictures is in authorization, not in 'x-acme-key'",
        Bearer,
    ),
    "no key at all": Wrong(
        "test_the_key_is_where_the_vendor_looks_for_it",
        "1 of 1 requests had no key in their head",
        Keyless,
        case={"key_header": None},
    ),
    "gives addresses that lead nowhere": Wrong(
        "test_a_picture_comes_whole", "an image was made, and it gave ImageGenerationResponse", Relative
    ),
    "spoils what comes": Wrong(
        "test_a_video_comes_whole", "a video was made: DownloadError was raised: what came for job", Mending
    ),
    "fetches twice": Wrong("test_a_video_comes_whole", "the video was fetched 2 times", Upper),
    "gives up after a cut": Wrong(
        CUT, "the vendor gives videos in ranges: GenerationFailedError", GivesUp, params={"ranges": "in ranges"}
    ),
    "gives up at once": Wrong(
        "test_a_download_that_fails_in_passing_is_tried_again",
        "a download failed once (500): GenerationFailedError",
        GivesUp,
        params={"fault": "500"},
    ),
    "has its own error for a cut": Wrong(
        "test_a_download_that_is_always_cut_is_an_error_with_the_job",
        "every download was cut: GenerationFailedError",
        GivesUp,
    ),
    "looks for itself": Wrong(
        "test_what_is_no_clip_is_an_error_with_the_job",
        "a web page came in place of the video: PluginError was raised: ",
        Looking,
    ),
    "has its own error for a video that is gone": Wrong(
        "test_a_clip_that_is_gone_is_an_error_with_the_job",
        "the video was not there any more (404): GenerationFailedError",
        GivesUp,
    ),
    "follows a redirect": Wrong(
        REDIRECT,
        "a request (image) was redirected to another origin, and the key went there: POST /v2/pictures",
        Following,
        params={"role": "image"},
    ),
    "follows the redirect of a download": Wrong(
        REDIRECT, "and the key went there: GET /kit/clips/", Following, params={"role": "download"}
    ),
    "fetches a video elsewhere with the key": Wrong(
        "test_the_address_of_a_video_elsewhere_is_fetched_without_the_key",
        "the address of a video led to another origin, and the key went there: GET /kit/clips/",
        Following,
    ),
    "fetches an image elsewhere with the key": Wrong(
        "test_the_address_of_a_picture_elsewhere_is_fetched_without_the_key",
        "the address of an image led to another origin, and the key went there: GET /kit/pictures/0.png",
        FetchesPictures,
    ),
    "gives a stream of something else": Wrong(
        "test_a_stream_gives_partial_pictures_and_then_the_result",
        "stream_image returned a ImageOutput instead of an ImagePart",
        NoParts,
    ),
    "takes a part for the result": Wrong(
        "test_a_stream_that_ends_without_a_result_may_have_been_billed",
        "a stream ended half-way, in good order: it gave [",
        EarlyAnswer,
    ),
    "keeps a stream open": Wrong(
        "test_leaving_a_stream_closes_its_connection", "and the connection stayed open", Lingering
    ),
    "crashes where it cannot": Wrong(
        "test_what_is_left_out_is_told_as_unsupported",
        "there is no handler for stream, 0 requests were sent, and ",
        Crashing,
        base=WithoutStream,
    ),
}
