"""Downloads: whole or an error, and never a second job."""

from __future__ import annotations

from typing import Any

import pytest

from tarash.tarash_gateway.capabilities.rows import ImageModel
from tarash.tarash_gateway.errors import DownloadError, JobExpiredError
from tarash.tarash_gateway.models import VideoGenerationResponse
from tarash_gateway_testing.base import Case, Outcome, attempt
from tarash_gateway_testing.calls import Calls
from tarash_gateway_testing.fake.answers import Answer
from tarash_gateway_testing.fake.faults import Cut, Dropped, Fault
from tarash_gateway_testing.fake.vendor import FakeVendor
from tarash_gateway_testing.rules import Rule

__all__ = ["DownloadChecks"]

PASSING: dict[str, Fault | int] = {"dropped": Dropped(), "500": 500, "404": 404, "400": 400}
"""What a download may run into without being the end of it; a finished video may be there a moment late."""

_WHOLE = Rule(
    "download_video streams the vendor's bytes into the sink as they are: sink.begin(length=..., resumed=...) "
    "once the headers are there, then sink.write(chunk) for each piece.",
    "write what comes, decode nothing, and do not collect it first.",
    "Downloads",
)
_EVERY = Rule(
    "every image that the vendor made is in the ImageAnswer, in the vendor's order: each one is paid for.",
    "make an ImageOutput of each item of the answer, such as ImageAnswer([read_image(item) for item in items]); a "
    "handler of the fake vendor gives as many as were asked for, request.image(0), request.image(1) and so on.",
    "Downloads",
)
_CUT = Rule(
    "a download that is cut is asked for again by core. Where sink.offset is above 0, ask for the rest (Range), "
    "and say resumed=True only where the answer is a 206 that begins at the offset; else it begins anew.",
    "tell the sink the length that the answer's headers promise, raise DownloadError(..., retryable=True) where "
    "the connection breaks, and look at the status before you say resumed=True.",
    "Downloads",
)
_PASSING = Rule(
    "a download that fails in passing is tried again, and never costs a second job.",
    "raise error_for_status(...), ConnectionFailedError or DownloadError with retryable=True; for a video that is "
    "not there (404), or not ready yet, JobExpiredError with retryable=True: job_errors of the HTTP kit does.",
    "Downloads",
)
_BAD = Rule(
    "a video that cannot be fetched is a DownloadError that carries the job, and a video that is gone a "
    "JobExpiredError: the job is paid for, and resume_video fetches it later. Nothing that is no whole video is "
    "ever a result.",
    "raise errors of tarash.tarash_gateway.errors only; core looks at the structure of what came.",
    "Downloads",
)
_IMAGE = Rule(
    "an image comes as base64, as bytes or as a URL in ImageOutput, as the vendor gives it; core decodes or "
    "downloads it and looks whether it is whole.",
    "put the vendor's base64, bytes or URL into ImageOutput as it is.",
    "Downloads",
)


class DownloadChecks(Case):
    """Downloads."""

    def test_a_picture_comes_whole(self, calls: Calls) -> None:
        """Every image of the answer has its bytes."""
        self.needs("image")
        outcome = attempt(calls.generate_image, self.config("image"), self.request("image"))
        if outcome.error is not None or any(not image.size_bytes for image in outcome.value.images):
            warnings = getattr(outcome.value, "warnings", [])
            self.broken(_IMAGE, f"an image was made, and {outcome} {warnings}")

    def test_bytes_behind_the_end_of_a_video_are_taken(self, calls: Calls) -> None:
        """With a warning: every player accepts them."""
        self.needs("video")
        self.fake_vendor().video_tail = b"\0" * 8
        outcome = attempt(calls.generate_video, self.config("video"), self.request("video"))
        made = outcome.value
        if not isinstance(made, VideoGenerationResponse) or not made.video.content.endswith(b"\0" * 8):
            self.broken(_WHOLE, f"8 zero bytes stood behind the end of a video: {outcome}")
        if not made.warnings:
            self.broken(_WHOLE, "8 zero bytes stood behind the end of a video, and no warning says so")

    def test_several_images_of_one_request_all_come(self, calls: Calls) -> None:
        """For models that make several."""
        self.needs("image")
        counts = [row.max_images for row in self.rows("image")[:1] if isinstance(row, ImageModel)]
        if max(counts, default=1) < 2:
            pytest.skip("the model makes one image a request (max_images)")
        outcome = attempt(calls.generate_image, self.config("image"), self.request("image", n=2))
        different = {image.sha256 for image in outcome.value.images} if outcome.error is None else set()
        if len(different) != 2:
            self.broken(_EVERY, f"2 images were asked for, {len(different)} different ones came: {outcome}")

    def test_a_video_comes_whole(self, calls: Calls) -> None:
        """Byte for byte, fetched once."""
        self.needs("video")
        self._comes_whole(self._generated(calls), _WHOLE, "a video was made")
        fetched = len(self.vendor.sent("download"))
        if fetched > 1:
            self.broken(_WHOLE, f"the video was fetched {fetched} times")

    @pytest.mark.parametrize("ranges", ["in ranges", "as a whole"])
    def test_a_download_that_is_cut_goes_on(self, calls: Calls, ranges: str) -> None:
        """With the rest where the vendor gives it, from the beginning where it does not."""
        self.needs("video")
        if isinstance(self.vendor, FakeVendor):
            self.vendor.serves_ranges = ranges == "in ranges"
        elif ranges != "in ranges":
            pytest.skip("this is played by a FakeVendor only")
        self.vendor.fail(Cut(), "download")
        problem = f"a download was cut half-way, the vendor gives videos {ranges}"
        self._comes_whole(self._generated(calls), _CUT, problem)

    @pytest.mark.parametrize("fault", PASSING)
    def test_a_download_that_fails_in_passing_is_tried_again(self, calls: Calls, fault: str) -> None:
        """A video is paid for; nothing is made again."""
        self.needs("video")
        passing = PASSING[fault]
        words = "The task is not completed yet" if passing == 400 else "later"
        happened: Fault = Answer(passing, self.refusal(passing, words)) if isinstance(passing, int) else passing
        self.vendor.fail(happened, "download")
        self._comes_whole(self._generated(calls), _PASSING, f"a download failed once ({fault})")

    def test_a_download_that_is_always_cut_is_an_error_with_the_job(self, calls: Calls) -> None:
        """The vendor promises more bytes than it sends."""
        self.needs("video")
        if isinstance(self.vendor, FakeVendor):
            self.vendor.serves_ranges = False
        self.vendor.fail(Cut(), "download", times=100)
        self._is_an_error(self._generated(calls), "every download was cut")

    def test_what_is_no_clip_is_an_error_with_the_job(self, calls: Calls) -> None:
        """A proxy's page comes in place of the video."""
        self.needs("video")
        self.vendor.fail(Answer(200, "<html></html>", content_type="text/html"), "download", times=100)
        self._is_an_error(self._generated(calls), "a web page came in place of the video")

    def test_a_clip_that_is_gone_is_an_error_with_the_job(self, calls: Calls) -> None:
        """The vendor keeps it no longer."""
        self.needs("video")
        self.vendor.fail(Answer(404, self.refusal(404, "it was deleted")), "download", times=100)
        outcome = self._generated(calls)
        self._needs_a_download(outcome)
        if not isinstance(outcome.error, (JobExpiredError, DownloadError)) or outcome.error.job is None:
            self.broken(_BAD, f"the video was not there any more (404): {outcome}")

    def _generated(self, calls: Calls) -> Outcome:
        return attempt(calls.generate_video, self.config("video"), self.request("video"))

    def _comes_whole(self, outcome: Outcome, rule: Rule, problem: str) -> None:
        made: Any = outcome.value
        if not isinstance(made, VideoGenerationResponse):
            self.broken(rule, f"{problem}: {outcome}")
        job_id = made.job.id if made.job is not None else ""
        vendor: Any = self.vendor
        # One that was written before 1.1 has the old name.
        wanted = (vendor.video if hasattr(vendor, "video") else vendor.clip)(job_id)
        if wanted is not None and made.video.content != wanted:
            difference = f"{len(made.video.content)} bytes came, other ones than the {len(wanted)} that the vendor has"
            self.broken(rule, f"{problem}: {difference}")
        self._made_once(problem)

    def _needs_a_download(self, outcome: Outcome) -> None:
        """Skips the check where nothing is fetched that could go wrong."""
        if outcome.error is None and not self.vendor.sent("download"):
            pytest.skip("the video comes with the answer about its job: nothing is downloaded")

    def _is_an_error(self, outcome: Outcome, problem: str) -> None:
        self._needs_a_download(outcome)
        if not isinstance(outcome.error, DownloadError) or outcome.error.job is None:
            self.broken(_BAD, f"{problem}: {outcome}")
        self._made_once(problem)

    def _made_once(self, problem: str) -> None:
        made = len(self.vendor.sent("submit"))
        if made != 1:
            self.broken(_PASSING, f"{problem}: {made} jobs were submitted for one video")
