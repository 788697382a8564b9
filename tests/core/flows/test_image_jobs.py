"""Vendors whose images are jobs: `generate_image` submits, polls and fetches; nothing is paid twice, no job is lost."""

import asyncio
from datetime import date

import pytest

from tarash.tarash_gateway import (
    Journal,
    cancel_image,
    cancel_image_async,
    generate_image,
    poll_image,
    poll_image_async,
    recover_images,
    register_plugin,
    resume_image,
    resume_image_async,
    resume_video,
    submit_image,
    submit_image_async,
)
from tarash.tarash_gateway.capabilities import ImageModel, Price
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ContentPolicyError,
    GenerationFailedError,
    GenerationTimeoutError,
    InvalidResponseError,
    JobExpiredError,
    ProviderUnavailableError,
    RateLimitError,
    UnconfirmedGenerationError,
    UnsupportedOperationError,
    ValidationError,
)
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageJob,
    VideoGenerationConfig,
)
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImageStatus, Provider, ProviderSpec, hookimpl

HOME = "https://api.kiln.test/v1"
SAID = {"source": "https://kiln.test", "checked_on": date(2026, 1, 1)}


class Kiln(Provider):
    """A vendor whose images are jobs; `faults` may hold an error for each primitive, raised once each."""

    endpoint = HOME

    def __init__(self, vendor):
        self.vendor = vendor

    def _asked(self, name):
        self.vendor.calls.append(name)
        errors = self.vendor.faults.get(name, [])
        if errors:
            raise errors.pop(0)

    def submit_image(self, prepared, *, timeout):
        self._asked("submit_image")
        number = f"job_{self.vendor.calls.count('submit_image')}"
        job = ImageJob(provider="kiln", model=prepared.model, id=number, endpoint=HOME, queue_position=2)
        return ImageStatus(job, poll_after=0.0)

    async def poll_image_async(self, job, *, timeout):
        self._asked("poll_image")
        left = self.vendor.polls
        self.vendor.polls -= 1
        status = self.vendor.ends if left <= 0 else "in_progress"
        settings = {"error_message": "the kiln broke"} if status == "failed" else {}
        return ImageStatus(ImageJob(**{**vars(job), "status": status, "progress": 50.0, **settings}), poll_after=0.0)

    def fetch_image(self, job, *, timeout):
        self._asked("fetch_image")
        return ImageAnswer(
            [ImageOutput(content=self.vendor.png)] * job.request.get("n", 1), provider_request_id="v1", raw={"seed": 7}
        )

    def cancel_image(self, job, *, timeout):
        self._asked("cancel_image")
        return ImageStatus(job.model_copy(update={"status": "cancelled"}))


class Instant(Provider):
    endpoint = HOME

    def generate_image(self, prepared, *, timeout):
        raise AssertionError


class KilnPlugin:
    def __init__(self, png, provider):
        self.png, self.provider = png, provider
        self.calls, self.faults, self.polls, self.ends = [], {}, 1, "completed"

    @hookimpl
    def tarash_provider_specs(self):
        row = ImageModel(
            model="kiln-1",
            max_images=2,
            **SAID,
            price=Price(per_image={"any any": 0.04}, **SAID),
        )
        return [ProviderSpec(name="kiln", api_version=1, image_models=(row,))]

    @hookimpl
    def tarash_create_provider(self, config):
        return self.provider(self) if self.provider is Kiln else self.provider()


@pytest.fixture
def kiln(png, request):
    plugin = KilnPlugin(png, getattr(request, "param", Kiln))
    with register_plugin(plugin):
        yield plugin


@pytest.fixture(autouse=True)
def _soon(retry_policy):
    retry_policy(first_delay=0.001)


def config(**fields):
    return ImageGenerationConfig(**{"provider": "kiln", "model": "kiln-1", "timeout": 60, **fields})


def request(**fields):
    return ImageGenerationRequest(prompt="a cat", **fields)


JOB = ImageJob(provider="kiln", model="kiln-1", id="job_0", endpoint=HOME, asked={"prompt": "a cat"})


def test_a_call_is_submitted_polled_and_fetched(kiln, make_image, png):
    updates = []
    response = make_image(config(), request(), on_progress=updates.append)

    assert kiln.calls == ["submit_image", "poll_image", "poll_image", "fetch_image"]
    assert (response.images[0].content, response.provider_request_id, response.cost) == (png, "v1", 0.04)
    assert (response.job.id, response.job.status, response.job.request) == ("job_1", "completed", {"prompt": "a cat"})
    assert [update.status for update in updates] == [
        "submitting",
        "queued",
        "in_progress",
        "in_progress",
        "downloading",
        "completed",
    ]
    assert [update.job.id if update.job else None for update in updates] == [None] + ["job_1"] * 5
    assert (updates[1].queue_position, updates[2].progress) == (2, 50.0)


def test_each_step_is_there_by_itself(kiln, png):
    job = ImageJob.model_validate_json(submit_image(config(), request(n=2)).model_dump_json())
    assert (job.status, job.queue_position, job.request) == ("queued", 2, {"prompt": "a cat", "n": 2})
    assert poll_image(config(), job).status == "in_progress"
    assert [image.content for image in resume_image(config(), job).images] == [png, png]
    assert cancel_image(config(), job).status == "cancelled"
    assert kiln.calls.count("submit_image") == 1


def test_each_step_may_be_awaited(kiln, png):
    async def steps():
        job = await submit_image_async(config(), request())
        assert (await poll_image_async(config(), job)).status == "in_progress"
        assert (await resume_image_async(config(), job)).images[0].content == png
        return await cancel_image_async(config(), job)

    assert asyncio.run(steps()).status == "cancelled"


PASSING = [
    ProviderUnavailableError("503", status_code=503, retryable=True),
    RateLimitError("429", retryable=True),
    ConnectionFailedError("dropped", retryable=True, billable="unknown"),
    ConnectionFailedError("refused", retryable=True, billable="no"),
]


@pytest.mark.parametrize("name", ["poll_image", "fetch_image"])
@pytest.mark.parametrize("fault", PASSING, ids=str)
def test_a_passing_error_after_the_submit_is_waited_out(kiln, make_image, name, fault):
    kiln.faults[name] = [fault]
    assert make_image(config(fallback_configs=[config()]), request()).images
    assert kiln.calls.count("submit_image") == 1
    assert kiln.calls.count(name) == {"poll_image": 3, "fetch_image": 2}[name]


@pytest.mark.parametrize("name", ["poll_image", "fetch_image"])
@pytest.mark.parametrize(
    "fault",
    [AuthenticationError("401"), ContentPolicyError("it shows a cat", stage="output"), JobExpiredError("404")],
    ids=str,
)
def test_a_lasting_error_after_the_submit_keeps_the_job_and_sends_nothing_again(
    kiln, make_image, tmp_path, name, fault
):
    kiln.faults[name] = [fault] * 9
    with Journal(tmp_path) as journal, pytest.raises(type(fault)) as caught:
        make_image(config(fallback_configs=[config()], max_retries=5), request())
    assert caught.value.job.id == "job_1"
    assert kiln.calls.count("submit_image") == 1
    [entry] = journal.entries()
    kept = isinstance(fault, AuthenticationError)
    assert (entry.kind, entry.status, entry.job.id) == ("image", "submitted" if kept else "failed", "job_1")


def test_a_result_that_shows_seconds_late_is_waited_for(kiln, make_image):
    kiln.faults["fetch_image"] = [JobExpiredError("404", retryable=True)] * 5
    assert make_image(config(), request()).images
    assert (kiln.calls.count("fetch_image"), kiln.calls.count("submit_image")) == (6, 1)


def test_a_job_that_fails_says_why(kiln, make_image):
    kiln.ends = "failed"
    with pytest.raises(GenerationFailedError, match="job job_1 failed: the kiln broke") as caught:
        make_image(config(), request())
    assert (caught.value.job.id, caught.value.job.status) == ("job_1", "failed")


def test_a_deadline_leaves_the_job_running(kiln, make_image, pauses_leap):
    kiln.polls = 10_000
    with pauses_leap(), pytest.raises(GenerationTimeoutError) as caught:
        make_image(config(poll_interval=20), request())
    assert str(caught.value) == (
        "job job_1 was still in_progress after 60 s. It was left running: resume_image(config, error.job) picks it up."
    )
    kiln.polls = 0
    assert resume_image(config(), caught.value.job).images
    assert kiln.calls.count("submit_image") == 1


def test_a_submit_whose_answer_was_lost_is_not_sent_again(kiln, make_image):
    kiln.faults["submit_image"] = [ConnectionFailedError("cut", billable="unknown", retryable=True)]
    with pytest.raises(UnconfirmedGenerationError):
        make_image(config(max_retries=5), request())
    assert kiln.calls == ["submit_image"]


def test_a_refused_submit_moves_on_to_the_next_config(kiln, make_image):
    kiln.faults["submit_image"] = [AuthenticationError("401")]
    response = make_image(config(fallback_configs=[config()]), request())
    assert [attempt.outcome for attempt in response.attempts] == ["failed", "succeeded"]


def test_a_result_that_is_no_image_keeps_the_job(kiln, make_image):
    kiln.png = b"<html>"
    with pytest.raises(InvalidResponseError) as caught:
        make_image(config(), request())
    assert (caught.value.job.id, caught.value.billable) == ("job_1", "yes")


def test_several_requests_are_several_jobs(kiln, make_image):
    response = make_image(config(fan_out=True), request(n=5))
    assert len(response.images) == 5
    assert kiln.calls.count("submit_image") == 3
    assert response.job.id.startswith("job_")


def test_one_job_is_one_request(kiln):
    with pytest.raises(ValidationError, match=r"n: 3 requests would be needed, and submit_image returns one job"):
        submit_image(config(fan_out=True), request(n=5))
    assert kiln.calls == []


class TestJournal:
    def test_what_a_crash_left_is_fetched(self, kiln, tmp_path):
        with Journal(tmp_path):
            submit_image(config(), request())
        with Journal(tmp_path) as journal:
            [job] = recover_images(config(), journal)
            assert resume_image(config(), job).images
        [entry] = journal.entries()
        assert (entry.kind, entry.status, type(entry.job)) == ("image", "made", ImageJob)
        assert recover_images(config(), journal) == []
        assert kiln.calls.count("submit_image") == 1

    def test_a_cancelled_job_came_to_nothing(self, kiln, tmp_path):
        with Journal(tmp_path) as journal:
            cancel_image(config(), submit_image(config(), request()))
        assert [entry.status for entry in journal.entries()] == ["failed"]


def test_a_job_of_the_other_kind_is_refused(kiln):
    video = VideoGenerationConfig(provider="kiln", model="kiln-1")
    with pytest.raises(ValidationError) as caught:
        resume_video(video, JOB)
    assert str(caught.value) == (
        "a VideoGenerationConfig and a VideoJob belong here, not VideoGenerationConfig and ImageJob"
    )
    with pytest.raises(ValidationError, match="an ImageGenerationConfig and an ImageJob belong here"):
        resume_image(video, JOB)
    with pytest.raises(ValidationError, match="an ImageGenerationConfig and a Journal belong here"):
        recover_images(video, None)


@pytest.mark.parametrize("kiln", [Instant], indirect=True)
def test_a_vendor_that_answers_at_once_has_no_jobs(kiln):
    with pytest.raises(UnsupportedOperationError, match="Instant cannot submit image jobs"):
        submit_image(config(), request())


def test_ctrl_c_says_which_job_is_left(kiln):
    kiln.faults["fetch_image"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt) as caught:
        generate_image(config(), request())
    assert caught.value.__notes__[0] == "job job_1 at kiln was left running; its image can still be fetched"
    assert caught.value.job.id == "job_1"
