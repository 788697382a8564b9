"""A plugin that breaks the contract is told by its name and its field, and loses no job that may have been paid for."""

from __future__ import annotations

import asyncio
import base64
import logging
import math
import time

import pytest

from tarash.tarash_gateway import (
    cancel_video,
    generate_image,
    generate_image_async,
    generate_video,
    generate_video_async,
    list_models,
    list_providers,
    poll_video,
    resume_video,
    submit_video,
)
from tarash.tarash_gateway.errors import DownloadError, InvalidResponseError, PluginError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest, VideoGenerationRequest, VideoJob
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, VideoStatus
from tarash.tarash_gateway.plugins import _bridge as bridge

HOME = {"provider": "acme", "endpoint": "https://api.acme.test"}
WISH = ImageGenerationRequest(prompt="a cat")
FILM = VideoGenerationRequest(prompt="a lake")


def job(**fields):
    return VideoJob(**{**HOME, "model": "m", "id": "job_1", **fields})


def odd_job(**fields):
    """A job that nobody looked at, as `model_construct` and `model_copy` make them."""
    return job().model_copy(update=fields)


def giving(thing):
    return lambda *_, **__: thing


def raising(error):
    def primitive(*_, **__):
        raise error

    return primitive


class Hostile:
    def __getattr__(self, name):
        raise RuntimeError(name)

    def __repr__(self):
        raise RuntimeError


FOREIGN = [
    RuntimeError("x"),
    StopAsyncIteration("x"),
    TimeoutError("x"),
    RecursionError("x"),
    MemoryError("x"),
    ExceptionGroup("x", [ValueError("x")]),
]


@pytest.mark.parametrize("error", FOREIGN, ids=lambda error: type(error).__name__)
def test_a_foreign_error_names_the_primitive_and_may_have_been_billed(
    acme, flavour, make_image, error, image_config, refused
):
    acme(flavour, generate_image=raising(error))
    refusal = refused(make_image, image_config(), WISH)
    quoted = f" ({error})" if str(error) else ""
    assert str(refusal) == (
        f"AcmeProvider.generate_image raised {type(error).__name__}{quoted}. "
        "This is a defect of the plugin, not of the request."
    )
    assert refusal.billable == "unknown"
    assert type(refusal.__cause__) is type(error)


def test_a_stop_iteration_in_a_thread_is_not_waited_for(acme, monkeypatch, image_config, refused):
    monkeypatch.setattr(bridge, "GRACE", 0.05)
    acme("sync", generate_image=raising(StopIteration()))
    call = generate_image_async(image_config(timeout=0.3), WISH)
    assert "raised" in str(refused(asyncio.run, call))


@pytest.mark.parametrize("thing", [None, {}, 5, "x", ImageAnswer, Hostile()], ids=lambda thing: type(thing).__name__)
def test_another_type_is_told_by_its_name(acme, flavour, make_image, thing, image_config, refused):
    acme(flavour, generate_image=giving(thing))
    refusal = refused(make_image, image_config(), WISH)
    assert str(refusal) == (f"AcmeProvider.generate_image returned a {type(thing).__name__} instead of an ImageAnswer")
    assert refusal.billable == "unknown"


HALF_ANSWERS = {
    "outputs": [None, 5, "abc", [None], [{"url": "x"}], {}, iter(())],
    "outputs.0.base64": [[ImageOutput(base64=b"x")], [ImageOutput(base64=5)]],
    "outputs.0.content": [[ImageOutput(content="x")]],
    "outputs.0.url": [[ImageOutput(url=5)]],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in HALF_ANSWERS.items() for value in values],
    ids=[f"{field}-{at}" for field, values in HALF_ANSWERS.items() for at, _ in enumerate(values)],
)
def test_a_half_filled_answer_is_told_by_its_field(acme, png, field, value, image_config, refused):
    first = field.partition(".")[0]
    acme(generate_image=giving(ImageAnswer(**{"outputs": [ImageOutput(content=png)], first: value})))
    refusal = refused(generate_image, image_config(), WISH)
    assert f"AcmeProvider.generate_image returned an invalid ImageAnswer: {field}" in str(refusal)
    assert refusal.billable == "unknown"


BESIDE_THE_PICTURES = {
    "usage is a str": {"usage": "x"},
    "cost is a str": {"cost": "x"},
    "cost is nan": {"cost": math.nan},
    "cost is inf": {"cost": math.inf},
    "tokens is a list": {"tokens": []},
    "warnings is a NoneType": {"warnings": None},
    "warnings is a list": {"warnings": [5]},
    "raw is a list": {"raw": [1]},
    "provider_request_id is a int": {"provider_request_id": 5},
    "usage is a list, cost is a str": {"usage": [], "cost": "1"},
}


@pytest.mark.parametrize(("refusal", "fields"), BESIDE_THE_PICTURES.items(), ids=BESIDE_THE_PICTURES)
def test_a_field_beside_the_pictures_costs_none_of_them(acme, make_image, png, refusal, fields, image_config):
    acme(generate_image=giving(ImageAnswer([ImageOutput(content=png)], **fields)))

    response = make_image(image_config(), WISH)

    assert [picture.content for picture in response.images] == [png]
    (warning,) = response.warnings
    what = f"AcmeProvider.generate_image returned an invalid ImageAnswer: {refusal}"
    assert warning == f"{what}; this was left out. This is a defect of the plugin."
    assert (response.usage, response.cost, response.provider_request_id, response.raw_response) == (None,) * 4


def test_the_other_fields_of_such_an_answer_are_kept(acme, png, image_config):
    outputs = [ImageOutput(content=png, revised_prompt=5), ImageOutput(content=png, revised_prompt="a red cat")]
    acme(generate_image=giving(ImageAnswer(outputs, "id-1", {"images": 2}, 0.5, warnings=["slow"], raw={"a": 1})))

    response = generate_image(image_config(), WISH.model_copy(update={"n": 2}))

    assert [picture.revised_prompt for picture in response.images] == [None, "a red cat"]
    assert (response.provider_request_id, response.usage, response.cost) == ("id-1", {"images": 2}, 0.5)
    assert response.warnings[0] == "slow"
    assert ": outputs.0.revised_prompt is a int; this was left out" in response.warnings[1]


EMPTY_OUTPUTS = {
    "nothing": ([ImageOutput()], "neither base64 nor a URL"),
    "no bytes": ([ImageOutput(content=b"")], "there are no bytes"),
    "no base64": ([ImageOutput(base64="\ud800")], "is not base64"),
    "none": ([], "holds no image"),
}


@pytest.mark.parametrize(("outputs", "text"), EMPTY_OUTPUTS.values(), ids=EMPTY_OUTPUTS)
def test_a_picture_that_is_none_was_paid_for(acme, make_image, outputs, text, image_config, refused):
    acme(generate_image=giving(ImageAnswer(outputs)))
    refusal = refused(make_image, image_config(), WISH, kind=InvalidResponseError)
    assert text in str(refusal)
    assert refusal.billable == "yes"


def test_the_first_of_several_forms_of_one_picture_counts(acme, png, image_config):
    everything = ImageOutput(base64=base64.b64encode(png).decode(), content=b"x", url="file:///etc/passwd")
    acme(generate_image=giving(ImageAnswer([everything])))
    assert generate_image(image_config(), WISH).images[0].content == png


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "https://", pytest.param("http://["), "mailto:x@acme.test"],
)
def test_an_address_that_cannot_be_fetched_is_kept_with_a_warning(acme, url, image_config):
    acme(generate_image=giving(ImageAnswer([ImageOutput(url=url)])))
    response = generate_image(image_config(), WISH)
    assert response.images[0].url == url
    assert "could not be downloaded" in response.warnings[0]


def endless_answer():
    answer = {}
    answer["again"] = answer
    return answer


@pytest.mark.parametrize("raw", [{"a": object()}, {1: 2}, endless_answer()], ids=["object", "number", "endless"])
def test_an_answer_that_is_no_json_does_not_cost_the_picture(acme, png, raw, image_config):
    acme(generate_image=giving(ImageAnswer([ImageOutput(content=png)], raw=raw)))
    response = generate_image(image_config(), WISH)
    assert type(response).model_validate_json(response.model_dump_json()).images[0].content == png


HALF_STATUSES = {
    "job None": (VideoStatus(None), "job is a NoneType"),
    "job dict": (VideoStatus({"id": "job_1"}), "job is a dict"),
    "job hostile": (VideoStatus(Hostile()), "job is a Hostile"),
    "no id": (VideoStatus(odd_job(id="")), "job.id is empty"),
    "id of a number": (VideoStatus(odd_job(id=5)), "job.id: input should be a valid string"),
    "progress abc": (VideoStatus(odd_job(progress="abc")), "job.progress: input should be a valid number"),
    "status zzz": (VideoStatus(odd_job(status="zzz")), "job.status: input should be"),
    "no outputs": (VideoStatus(odd_job(outputs=0, status="completed")), "job.outputs must be at least 1"),
    "date of text": (VideoStatus(odd_job(created_at="soon")), "job.created_at: input should be a valid datetime"),
}


@pytest.mark.parametrize(("status", "text"), HALF_STATUSES.values(), ids=HALF_STATUSES)
def test_a_half_filled_status_is_told_by_its_field_and_keeps_the_job(acme, status, text, refused, video_config):
    known = isinstance(status.job, VideoJob) and status.job.id == "job_1"

    acme(submit_video=giving(status))
    refusal = refused(submit_video, video_config(), FILM)
    assert f"AcmeProvider.submit_video returned an invalid VideoStatus: {text}" in str(refusal)
    assert refusal.billable == "unknown"
    assert (refusal.job is not None and refusal.job.id == "job_1") is known

    acme(submit_video=giving(VideoStatus(job())), poll_video=giving(status), cancel_video=giving(status))
    refusal = refused(generate_video, video_config(), FILM)
    assert f"AcmeProvider.poll_video returned an invalid VideoStatus: {text}" in str(refusal)
    assert (refusal.job.id, refusal.billable) == ("job_1", "unknown")
    for call, name in ((poll_video, "poll_video"), (cancel_video, "cancel_video"), (resume_video, "poll_video")):
        refusal = refused(call, video_config(), job())
        assert f"AcmeProvider.{name} returned an invalid VideoStatus: {text}" in str(refusal)
        assert refusal.job.id == "job_1"


WRONG_BESIDE_A_JOB = {
    "poll_after text": ({"poll_after": "x"}, "poll_after is a str"),
    "poll_after nan": ({"poll_after": math.nan}, "poll_after is nan"),
    "usage text": ({"usage": "x"}, "usage is a str"),
    "cost text": ({"cost": "x"}, "cost is a str"),
    "raw list": ({"raw": []}, "raw is a list"),
    "warnings text": ({"warnings": "late"}, "warnings is a str"),
}


@pytest.mark.parametrize(("wrong", "text"), WRONG_BESIDE_A_JOB.values(), ids=WRONG_BESIDE_A_JOB)
def test_a_wrong_field_beside_a_job_does_not_cost_the_video(acme, clip, wrong, text, video_config, caplog):
    done = job(status="completed")
    acme(
        submit_video=giving(VideoStatus(job(), **wrong)),
        poll_video=giving(VideoStatus(done, **wrong)),
        download_video=writing(clip),
    )

    response = generate_video(video_config(), FILM)

    assert response.video.content == clip
    assert response.warnings == [
        f"AcmeProvider.{name} returned an invalid VideoStatus: {text}; this was left out. This is a defect of the plugin."
        for name in ("submit_video", "poll_video")
    ]
    assert poll_video(video_config(), job()).status == "completed"
    assert f"AcmeProvider.poll_video returned an invalid VideoStatus: {text}; this was left out" in caplog.text


@pytest.mark.parametrize("field", ["provider", "endpoint"])
def test_a_new_job_of_another_home_is_told_and_can_be_found_again(acme, field, refused, video_config):
    finished = giving(VideoStatus(job(status="completed")))
    acme(submit_video=giving(VideoStatus(job(**{field: "https://elsewhere.test"}))), poll_video=finished)
    refusal = refused(generate_video, video_config(), FILM)
    assert str(refusal) == f"AcmeProvider.submit_video returned a job whose {field} is not that of its own provider"
    assert refusal.billable == "unknown"
    assert poll_video(video_config(), refusal.job).status == "completed"


@pytest.mark.parametrize(
    "other", [{"id": "job_2"}, {"provider": "other"}, {"endpoint": "https://elsewhere.test"}], ids=str
)
def test_a_look_changes_neither_the_id_of_a_job_nor_its_home(acme, other, video_config):
    acme(poll_video=giving(VideoStatus(job(status="in_progress", **other))))
    received = poll_video(video_config(), job())
    assert (received.id, received.provider, received.endpoint) == ("job_1", HOME["provider"], HOME["endpoint"])
    assert received.status == "in_progress"


@pytest.mark.parametrize("thing", [None, {}, 5, VideoStatus, Hostile(), job()], ids=lambda thing: type(thing).__name__)
def test_another_type_than_a_status_is_told_by_its_name(acme, flavour, make_video, thing, refused, video_config):
    kind = type(thing).__name__

    acme(flavour, submit_video=giving(thing))
    refusal = refused(make_video, video_config(), FILM)
    assert str(refusal) == f"AcmeProvider.submit_video returned a {kind} instead of a VideoStatus"
    assert (refusal.job, refusal.billable) == (None, "unknown")

    acme(flavour, submit_video=giving(VideoStatus(job())), poll_video=giving(thing))
    refusal = refused(make_video, video_config(), FILM)
    assert str(refusal) == f"AcmeProvider.poll_video returned a {kind} instead of a VideoStatus"
    assert (refusal.job.id, refusal.billable) == ("job_1", "unknown")


@pytest.mark.parametrize("primitive", ["submit_video", "poll_video", "download_video"])
def test_a_foreign_error_carries_the_job_once_there_is_one(acme, flavour, make_video, primitive, refused, video_config):
    done = VideoStatus(job(status="completed"))
    good = {"submit_video": giving(VideoStatus(job())), "poll_video": giving(done), "download_video": giving(None)}
    acme(flavour, **{**good, primitive: raising(KeyError("x"))})
    refusal = refused(make_video, video_config(), FILM)
    assert f"AcmeProvider.{primitive} raised KeyError" in str(refusal)
    assert (refusal.job is None) is (primitive == "submit_video")
    assert refusal.billable == ("yes" if primitive == "download_video" else "unknown")


def writing(*chunks):
    def download(job, sink, **_):
        sink.begin(length=None)
        for chunk in chunks:
            sink.write(chunk)

    return download


def closing(job, sink, **_):
    sink.close()


DOWNLOADS = {
    "gives the bytes": (giving(b"x"), DownloadError, "there are no bytes"),
    "writes garbage": (writing(b"garbage"), DownloadError, "not a whole video"),
    "does not begin": (lambda job, sink, **_: sink.write(b"garbage"), DownloadError, "not a whole video"),
    "writes text": (writing("x"), PluginError, "AcmeProvider.download_video raised TypeError"),
    "writes nothing": (writing(None), PluginError, "AcmeProvider.download_video raised TypeError"),
    "length of text": (
        lambda job, sink, **_: sink.begin(length="x"),
        PluginError,
        "AcmeProvider.download_video raised TypeError",
    ),
}


@pytest.mark.parametrize("into_a_file", [False, True], ids=["memory", "file"])
@pytest.mark.parametrize(("download", "kind", "text"), DOWNLOADS.values(), ids=DOWNLOADS)
def test_a_download_that_breaks_the_contract_keeps_the_job_and_no_file(
    acme, flavour, tmp_path, monkeypatch, download, kind, text, into_a_file, refused, video_config
):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    acme(flavour, submit_video=giving(VideoStatus(job(status="completed"))), download_video=download)
    target = {"save_to": tmp_path / "film.mp4"} if into_a_file else {}
    refusal = refused(generate_video, video_config(), FILM, kind=kind, **target)
    assert text in str(refusal)
    assert (refusal.job.id, refusal.billable) == ("job_1", "yes")
    # What came stays beside its place where it was found not to be whole: it is paid for.
    kept = [tmp_path / "film.mp4.incomplete"] if into_a_file and text == "not a whole video" else []
    assert list(tmp_path.iterdir()) == kept


def test_a_plugin_that_closes_what_it_writes_to_is_told(acme, tmp_path, refused, video_config):
    acme(submit_video=giving(VideoStatus(job(status="completed"))), download_video=closing)
    refusal = refused(generate_video, video_config(), FILM, save_to=tmp_path / "film.mp4")
    assert "closed what it was to write to" in str(refusal)
    assert refusal.job.id == "job_1"


def test_others_are_unharmed_by_a_plugin_that_raises_everywhere(
    acme, tarash_sandbox, caplog, image_config, refused, video_config
):
    acme(**{name: raising(KeyError("x")) for name in ("generate_image", "submit_video", "poll_video", "stream_image")})
    refused(generate_image, image_config(), WISH)
    refused(submit_video, video_config(), FILM)
    good = ImageGenerationConfig(provider="sandbox", model="gpt-image-2")
    with caplog.at_level(logging.DEBUG, "tarash"):
        assert generate_image(good, WISH).images
    assert "acme" not in caplog.text
    assert {"acme", "sandbox"} <= set(list_providers())
    assert any(row.model == "gpt-image-2" for row in list_models())


def test_a_fallback_does_not_pay_again_for_a_defect_of_a_plugin(acme, tarash_sandbox, image_config, refused):
    second = ImageGenerationConfig(provider="sandbox", model="gpt-image-2")
    acme(generate_image=raising(KeyError("x")))
    refusal = refused(generate_image, image_config(fallback_configs=[second]), WISH)
    assert refusal.billable == "unknown"


def test_a_progress_callback_of_a_call_that_a_plugin_breaks_is_told_the_end(acme, refused, video_config):
    acme(submit_video=giving(VideoStatus(job())), poll_video=raising(KeyError("x")))
    refusal = []
    refused(generate_video, video_config(), FILM, on_progress=refusal.append)
    assert refusal[-1].status == "failed"
    assert refusal[-1].job.id == "job_1"


def test_a_blocking_primitive_that_was_written_as_an_async_one_is_told(acme, image_config, refused):
    async def later():
        return None

    mistaken = later()
    acme(generate_image=giving(mistaken))
    refusal = refused(generate_image, image_config(), WISH)
    assert "returned a coroutine instead of an ImageAnswer" in str(refusal)
    mistaken.close()


def test_generate_video_in_a_loop_is_as_careful(acme, refused, video_config):
    acme("async", submit_video=giving(VideoStatus(job())), poll_video=giving(None))
    refusal = refused(asyncio.run, generate_video_async(video_config(), FILM))
    assert refusal.job.id == "job_1"
