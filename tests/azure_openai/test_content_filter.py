"""Azure's content filter in all its spellings, with a bad status and with a good one."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import generate_video
from tarash.tarash_gateway.errors import ContentPolicyError, InvalidResponseError

VIOLENCE = {
    "violence": {"filtered": True, "severity": "medium"},
    "jailbreak": {"detected": False, "filtered": False},
}
PROMPT = "Your request was rejected by the safety system."
RESULT = "Generated image was filtered as a result of our safety system."

# The error object, the status, the stage and the categories.
REFUSALS = {
    "inner_error": (
        {
            "code": "content_policy_violation",
            "type": "invalid_request_error",
            "message": PROMPT,
            "inner_error": {"code": "ResponsibleAIPolicyViolation", "content_filter_results": VIOLENCE},
        },
        400,
        "input",
        ("violence",),
    ),
    "innererror": (
        {
            "code": "content_filter",
            "message": PROMPT,
            "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": VIOLENCE},
        },
        400,
        "input",
        ("violence",),
    ),
    "only-the-inner-code": (
        {"code": "BadRequest", "message": PROMPT, "innererror": {"code": "ResponsibleAIPolicyViolation"}},
        400,
        "input",
        (),
    ),
    "contentFilter": ({"code": "contentFilter", "message": PROMPT}, 400, "input", ()),
    "contentFilter-of-the-result": ({"code": "contentFilter", "message": RESULT}, 400, "output", ()),
    "code-of-the-inner-error": ({"code": "ResponsibleAIPolicyViolation", "message": PROMPT}, 400, "input", ()),
    "results-at-the-top": (
        {"code": "content_filter", "message": PROMPT, "content_filter_results": VIOLENCE},
        400,
        "input",
        ("violence",),
    ),
    "good-status": ({"code": "contentFilter", "message": RESULT}, 200, "output", ()),
    "good-status-with-categories": (
        {"code": "content_filter", "message": PROMPT, "innererror": {"content_filter_result": VIOLENCE}},
        200,
        "input",
        ("violence",),
    ),
}


@pytest.mark.parametrize(("fault", "status", "stage", "categories"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_one_error_with_stage_and_categories(
    tarash_sandbox, make_image, image_config, image_request, answering, posts, fault, status, stage, categories
):
    tarash_sandbox.play(answering({"created": 1, "error": fault}, status=status))

    with pytest.raises(ContentPolicyError) as caught:
        make_image(image_config(), image_request())

    assert (caught.value.stage, caught.value.categories) == (stage, categories)
    assert caught.value.status_code == status
    assert fault["message"] in str(caught.value)
    assert len(posts()) == 1


def test_pictures_that_were_all_withheld_are_a_refusal_of_the_result(
    tarash_sandbox, make_image, image_config, image_request, answering
):
    tarash_sandbox.play(answering({"created": 1, "data": [{"content_filter_results": VIOLENCE}]}))

    with pytest.raises(ContentPolicyError) as caught:
        make_image(image_config(), image_request())

    assert str(caught.value).startswith("the content filter withheld the result: violence")
    assert (caught.value.stage, caught.value.categories) == ("output", ("violence",))
    assert caught.value.billable == "yes"  # Microsoft charges for what was made


def test_pictures_that_came_are_kept_and_the_withheld_ones_told(
    tarash_sandbox, make_image, image_config, image_request, answering, item
):
    safe = {**item, "content_filter_results": {"violence": {"filtered": False, "severity": "safe"}}}
    tarash_sandbox.play(answering({"created": 1, "data": [safe, {"content_filter_results": VIOLENCE}]}))

    response = make_image(image_config(), image_request(n=2))

    assert len(response.images) == 1
    assert "item 2 of 2 was not made: it was withheld by the content filter (violence)" in response.warnings


def test_an_answer_without_a_picture_and_without_a_reason_stays_what_it_is(
    tarash_sandbox, make_image, image_config, image_request, answering
):
    tarash_sandbox.play(answering({"created": 1, "data": [{"content_filter_results": {}}]}))

    with pytest.raises(InvalidResponseError, match="holds no image"):
        make_image(image_config(), image_request())


def test_a_refused_video_and_one_that_is_withheld_are_told_apart(
    tarash_sandbox, make_video, video_config, video_request, answering
):
    refused = REFUSALS["inner_error"][0]
    tarash_sandbox.play(answering({"error": refused}, status=400), method="POST")
    with pytest.raises(ContentPolicyError) as caught:
        make_video(video_config(), video_request())
    assert (caught.value.stage, caught.value.categories, caught.value.job) == ("input", ("violence",), None)

    tarash_sandbox.play(answering({"id": "video_1", "status": "queued"}), method="POST")
    tarash_sandbox.play(answering({"id": "video_1", "status": "failed", "error": refused}), method="GET")
    with pytest.raises(ContentPolicyError) as caught:
        make_video(video_config(), video_request())
    assert (caught.value.stage, caught.value.categories) == ("output", ("violence",))
    assert caught.value.job.id == "video_1"


def test_a_blocked_resource_is_no_refusal_of_content(tarash_sandbox, video_config, video_request, answering):
    fault = {"code": "Forbidden", "message": "Your resource has been temporarily blocked."}
    tarash_sandbox.play(answering({"error": fault}, status=403))

    with pytest.raises(Exception, match="temporarily blocked") as caught:
        generate_video(video_config(), video_request())

    assert type(caught.value).__name__ == "PermissionDeniedError"
