"""A submit whose answer was lost is looked up in the vendor's job list before anybody says that it is not known."""

import asyncio

import pytest

from tarash.tarash_gateway import submit_video, submit_video_async
from tarash.tarash_gateway.errors import InvalidResponseError, UnconfirmedGenerationError
from tarash_gateway_sandbox import Answer, RawBytes

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


class CreatedThen:
    """Lets the request create its job, and sends something else in place of the answer."""

    def __init__(self, server, reply, **requested):
        self.server, self.reply, self.asked = server, reply, requested

    async def send(self, wire, headers):
        from tarash_gateway_sandbox.openai.videos import OpenAIJob

        request = self.server.requests[-1]
        fields = request.fields or request.json
        fixed = {"size": fields.get("size", "720x1280"), "seconds": fields.get("seconds", "4"), **self.asked}
        facts = {"model": fields["model"], "prompt": fields["prompt"], **fixed}
        job = OpenAIJob(duration=0.1, **{**facts, "seconds": int(facts["seconds"])})
        self.server._vendor.jobs.add(job)
        await self.reply.send(wire, headers)


LOST = [
    pytest.param(RawBytes(), id="dropped"),
    pytest.param(RawBytes(b'HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"id": "vid'), id="cut"),
    pytest.param(Answer(500, body=b'{"error":{"message":"oops"}}'), id="500"),
    pytest.param(Answer(502, body=b"<html>bad gateway</html>", content_type="text/html"), id="502"),
    pytest.param(Answer(504), id="504"),
    pytest.param(Answer(200, body=b"<html>log in</html>", content_type="text/html"), id="page"),
    pytest.param(Answer(200, body=b"{}"), id="no-id"),
]


@pytest.mark.parametrize("reply", LOST)
def test_a_job_that_was_made_is_found_and_paid_once(
    tarash_sandbox, make_video, video_config, video_request, posts, reply
):
    tarash_sandbox.play(CreatedThen(tarash_sandbox, reply), method="POST")

    response = make_video(video_config(), video_request(prompt=f"a lake {reply!r}", duration_seconds=4))

    assert response.video.content_type == "video/mp4"
    assert response.job.request["prompt"] == f"a lake {reply!r}"
    assert len(posts()) == 1


def test_a_lookup_comes_before_a_repetition_that_the_caller_allowed(
    tarash_sandbox, make_video, video_config, video_request, posts
):
    tarash_sandbox.play(CreatedThen(tarash_sandbox, RawBytes()), method="POST")

    response = make_video(video_config(retry_unconfirmed=True), video_request(prompt="allowed"))

    assert response.job is not None
    assert len(posts()) == 1


@pytest.mark.parametrize(
    "other",
    [{"prompt": "a river"}, {"size": "1280x720"}, {"seconds": "8"}],
    ids=["prompt", "size", "seconds"],
)
def test_another_job_is_not_taken_for_it(tarash_sandbox, make_video, video_config, video_request, posts, other):
    tarash_sandbox.play(CreatedThen(tarash_sandbox, RawBytes(), **other), method="POST")

    with pytest.raises(UnconfirmedGenerationError, match="job list, as far as it can be read, does not show it"):
        make_video(video_config(), video_request(prompt="mine", size="720x1280", duration_seconds=4))

    assert len(posts()) == 1


def test_a_job_that_has_its_request_is_not_another_ones(tarash_sandbox, video_config, video_request, posts):
    submit_video(video_config(), video_request(prompt="twice"))
    tarash_sandbox.play(RawBytes(), method="POST")

    with pytest.raises(UnconfirmedGenerationError):
        submit_video(video_config(), video_request(prompt="twice"))

    assert len(posts()) == 2


def test_two_lost_answers_find_a_job_each(tarash_sandbox, video_config, video_request, posts):
    tarash_sandbox.play(CreatedThen(tarash_sandbox, RawBytes()), method="POST", times=2)

    async def both():
        calls = [submit_video_async(video_config(), video_request(prompt="both")) for _ in range(2)]
        return await asyncio.gather(*calls)

    first, second = asyncio.run(both())
    assert first.id != second.id
    assert len(posts()) == 2


def test_a_job_that_shows_late_is_waited_for(tarash_sandbox, video_config, video_request, retry_policy):
    retry_policy(lookup_pauses=(0.01, 0.02, 0.02))
    tarash_sandbox.play(CreatedThen(tarash_sandbox, RawBytes()), method="POST")
    tarash_sandbox.play(Answer(body=b'{"object":"list","data":[],"has_more":false}'), method="GET", times=2)

    assert submit_video(video_config(), video_request(prompt="late")).id.startswith("video_")


@pytest.mark.parametrize("status", [404, 405, 401, 500])
def test_a_list_that_cannot_be_read_leaves_it_unconfirmed(
    tarash_sandbox, make_video, video_config, video_request, posts, caplog, status
):
    tarash_sandbox.play(RawBytes(), method="POST")
    tarash_sandbox.play(Answer(status, body=b'{"error":{"message":"no list"}}'), method="GET", times=None)

    with pytest.raises(UnconfirmedGenerationError):
        make_video(video_config(), video_request())

    assert "the vendor's job list cannot be read" in caplog.text
    assert len(posts()) == 1


def test_a_server_that_shows_no_prompts_proves_nothing(tarash_sandbox, video_config, video_request):
    body = b'{"object":"list","data":[{"id":"video_9","status":"queued","created_at":4102444800}],"has_more":false}'
    tarash_sandbox.play(RawBytes(), method="POST")
    tarash_sandbox.play(Answer(body=body), method="GET", times=None)

    with pytest.raises(UnconfirmedGenerationError) as caught:
        submit_video(video_config(), video_request())
    assert caught.value.job is None


def test_a_long_list_is_read_as_far_as_it_matters(tarash_sandbox, video_config, video_request):
    from tarash_gateway_sandbox.openai.videos import OpenAIJob

    tarash_sandbox.play(CreatedThen(tarash_sandbox, RawBytes()), method="POST")

    class Crowd(CreatedThen):
        async def send(self, wire, headers):
            await super().send(wire, headers)
            for number in range(250):
                other = {"prompt": f"other {number}", "size": "720x1280", "seconds": 4}
                self.server._vendor.jobs.add(OpenAIJob(model="sora-2", duration=0.1, **other))

    tarash_sandbox.clear()
    tarash_sandbox.play(Crowd(tarash_sandbox, RawBytes()), method="POST")
    job = submit_video(video_config(), video_request(prompt="in a crowd"))

    assert job.request["prompt"] == "in a crowd"
    pages = [request.query for request in tarash_sandbox.requests if request.method == "GET"]
    assert len(pages) == 3
    assert all(page["limit"] == "100" for page in pages)


def test_a_known_refusal_is_not_looked_up(tarash_sandbox, video_config, video_request):
    tarash_sandbox.play(Answer(400, body=b'{"error":{"message":"no"}}'), method="POST")

    with pytest.raises(Exception, match="no"):
        submit_video(video_config(), video_request())

    assert len(tarash_sandbox.requests) == 1


def test_the_cause_of_an_unconfirmed_submit_is_kept(tarash_sandbox, video_config, video_request):
    tarash_sandbox.play(Answer(200, body=b"<html>", content_type="text/html"), method="POST")

    with pytest.raises(UnconfirmedGenerationError) as caught:
        submit_video(video_config(), video_request())
    assert isinstance(caught.value.__cause__, InvalidResponseError)
