"""Between a public function and the provider there are at most three nested generators: a call is easy to follow."""

from functools import partial

import pytest

from tarash.tarash_gateway.flows.call import call, call_job
from tarash.tarash_gateway.flows.commands import END, Next, OpenStream, ProviderCall
from tarash.tarash_gateway.flows.context import CallScope
from tarash.tarash_gateway.flows.image import image_call, stream_call
from tarash.tarash_gateway.flows.jobs import VIDEO, cancel_call, poll_call, submit_call
from tarash.tarash_gateway.flows.video import resume_call, video_call
from tarash.tarash_gateway.models import ImageGenerationRequest, ImageJob, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, ImageStatus, Provider, VideoStatus

DEEPEST = 3
JOB = VideoJob(provider="acme", model="acme-video", id="job_1", endpoint="https://api.acme.test/v1")
DONE = VideoStatus(JOB.model_copy(update={"status": "completed"}))


def depth(flow):
    """Nested `yield from` of a flow that waits for an answer."""
    count = 0
    while (inner := flow.gi_yieldfrom) is not None:
        flow, count = inner, count + 1
    return count


@pytest.fixture
def measured(feed, clip, png):
    """Runs a flow; gives the depth of each request to the provider, by its name."""

    def measured(flow, *answers):
        depths, image = {}, ImageAnswer([ImageOutput(content=png)])

        def deliver(command):
            command.args[1].begin(length=len(clip))
            command.args[1].write(clip)

        class Measuring(feed):
            def give(self, command):
                if isinstance(command, (ProviderCall, OpenStream)):
                    depths[command.name] = depth(flow)
                match command:
                    case OpenStream():
                        return [image, END]
                    case Next(stream):
                        return stream.pop(0)
                return super().give(command)

        replies = {"image": image, "clip": deliver}
        Measuring(*(replies.get(answer, answer) if isinstance(answer, str) else answer for answer in answers))(flow)
        return depths

    return measured


def test_of_an_image(measured, plan_for):
    plan = plan_for(ImageGenerationRequest(prompt="a cat"))
    depths = measured(call([plan], image_call, CallScope()), "image")
    assert depths.keys() == {"generate_image"}
    assert max(depths.values()) <= DEEPEST


def test_of_an_image_job(measured, plan_for):
    plan = plan_for(ImageGenerationRequest(prompt="a cat"))
    provider = type(
        "Jobs", (Provider,), {"endpoint": JOB.endpoint, "submit_image": lambda self, prepared, *, timeout: 0}
    )
    plan.make_provider = provider
    job = ImageJob(provider="acme", model="acme-image", id="job_1", endpoint=JOB.endpoint)
    done = ImageStatus(job.model_copy(update={"status": "completed"}))
    depths = measured(call([plan], image_call, CallScope()), ImageStatus(job), done, "image")
    assert list(depths) == ["submit_image", "poll_image", "fetch_image"]
    assert max(depths.values()) <= DEEPEST


def test_of_a_stream(measured, plan_for):
    plan = plan_for(ImageGenerationRequest(prompt="a cat"))
    depths = measured(call([plan], stream_call, CallScope("stream")))
    assert depths.keys() == {"stream_image"}
    assert max(depths.values()) <= DEEPEST


@pytest.mark.parametrize("steps", [video_call, partial(submit_call, kind=VIDEO)])
def test_of_a_video(measured, plan_for, steps):
    plan = plan_for(VideoGenerationRequest(prompt="a cat"))
    answers = [VideoStatus(JOB), DONE, "clip"] if steps is video_call else [VideoStatus(JOB)]
    depths = measured(call([plan], steps, CallScope()), *answers)
    assert list(depths) == ["submit_video", "poll_video", "download_video"][: len(answers)]
    assert max(depths.values()) <= DEEPEST


def test_of_a_job(measured, plan_for, video_cfg):
    provider = plan_for(VideoGenerationRequest(prompt="a cat")).open_provider()

    def resume(context):
        return resume_call(context, provider, JOB, row=None, save_to=None, exists="error")

    depths = measured(call_job(video_cfg(), JOB, resume, CallScope("resume")), DONE, "clip")
    for steps in (poll_call, cancel_call):
        flow = call_job(video_cfg(), JOB, lambda context, steps=steps: steps(context, provider, JOB), CallScope("poll"))
        depths |= measured(flow, DONE)
    assert depths.keys() == {"poll_video", "download_video", "cancel_video"}
    assert max(depths.values()) <= DEEPEST
