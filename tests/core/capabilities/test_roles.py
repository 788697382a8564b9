"""Input images of a video: their parts, how many of each, and which go together."""

from datetime import date

import pytest

from tarash.tarash_gateway.capabilities import VideoModel
from tarash.tarash_gateway.capabilities.columns import column_problems
from tarash.tarash_gateway.models import ImageType, VideoGenerationRequest


def reported(roles, **columns):
    row = VideoModel(model="m", source="https://example.com", checked_on=date(2026, 11, 22), **columns)
    images = [ImageType(image="https://example.com/a.png", type=role) for role in roles]
    request = VideoGenerationRequest(prompt="a kite", image_list=images)
    return [(problem.field, problem.message) for problem in column_problems(request, row, "m", stream=False)]


def test_without_columns_every_role_passes():
    assert reported(["reference", "first_frame", "style"]) == []


def test_a_role_that_the_model_does_not_know_is_refused_by_its_place():
    assert reported(["first_frame", "style"], input_roles=("first_frame",)) == [
        ("image_list.1.type", "m takes no style"),
    ]


def test_a_role_has_room_for_so_many():
    assert reported(["reference"] * 4, max_by_role={"reference": 3}) == [
        ("image_list", "4 images as reference, m takes 3"),
    ]


@pytest.mark.parametrize("roles", [["first_frame", "reference"], ["last_frame", "first_frame", "asset"]])
def test_frames_and_references_may_exclude_each_other(roles):
    assert [field for field, _ in reported(roles, frames_with_references=False)] == ["image_list"]
    assert reported(roles, frames_with_references=True) == []


@pytest.mark.parametrize("roles", [["first_frame", "last_frame"], ["reference"], []])
def test_one_kind_alone_passes(roles):
    assert reported(roles, frames_with_references=False) == []
