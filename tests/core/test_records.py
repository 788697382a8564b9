"""What a caller fills in is checked as a whole: every problem at once, with a suggestion, without a secret."""

import pickle
from typing import Annotated

import pytest
from pydantic import Field, Strict

from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest
from tarash.tarash_gateway.records import FrozenModel, StrictModel


class Inner(StrictModel):
    width: Annotated[int, Strict()] = 1


class Outer(StrictModel):
    name: str
    inner: Inner = Inner()
    others: list[Inner] = Field(default_factory=list)
    either: Annotated[int, Strict()] | Annotated[bool, Strict()] | None = None
    size: float = 1.0


def refused(**fields):
    with pytest.raises(ValidationError) as caught:
        Outer(**fields)
    return caught.value


def test_all_problems_come_at_once():
    error = refused(nmae="x", inner={"width": "wide"}, size=float("nan"))
    assert str(error) == (
        "Outer: 4 problems, nothing was sent\n"
        "  - name: is required\n"
        "  - inner.width: input should be a valid integer\n"
        "  - size: input should be a finite number\n"
        "  - nmae: unknown field (did you mean name?)"
    )


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"nmae": 1}, "nmae", "unknown field (did you mean name?)"),
        ({"quantum": 1}, "quantum", "unknown field"),
        ({"inner": {"widht": 1}}, "inner.widht", "unknown field (did you mean width?)"),
        ({"others": [{}, {"widht": 1}]}, "others.1.widht", "unknown field (did you mean width?)"),
        ({"others": [{"width": None}]}, "others.0.width", "input should be a valid integer"),
        ({"either": "x"}, "either", "input should be a valid integer, or should be a valid boolean"),
        ({"size": float("inf")}, "size", "input should be a finite number"),
    ],
    ids=lambda value: str(value)[:40] if not isinstance(value, dict) else "",
)
def test_a_problem_is_told_where_the_caller_wrote_it(fields, field, message):
    found = [(problem.field, problem.message) for problem in refused(name="x", **fields).problems]
    assert found == [(field, message)]


def test_a_long_value_is_shown_in_short():
    (problem,) = refused(name="x", size="9" * 500 + "x").problems
    assert problem.value == "9" * 120 + "…"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Outer.model_validate({"nmae": 1}),
        lambda: Outer.model_validate_json('{"nmae": 1}'),
        lambda: Outer(nmae=1),
    ],
    ids=["python", "json", "constructor"],
)
def test_every_way_in_raises_our_error(make):
    with pytest.raises(ValidationError, match="did you mean name"):
        make()


def test_text_that_is_no_json_is_our_error():
    with pytest.raises(ValidationError, match="invalid JSON"):
        Outer.model_validate_json("{")


SECRET = "sk-proj-verysecret-0123456789"


@pytest.mark.parametrize(
    "fields",
    [
        {"api_kye": SECRET},
        {"apikey": SECRET},
        {"api_key": [SECRET]},
        {"api_key": {"key": SECRET}},
        {"api_key": SECRET, "timeout": "soon"},
        {"provider_config": SECRET},
        {"provider_config": [SECRET]},
        {"fallback_configs": [{"provider": "a", "model": "b", "api_kye": SECRET}]},
        {"fallback_configs": [{"provider": "a", "model": "b", "api_key": [SECRET]}]},
        {"fallback_configs": [{"provider": "a", "model": "b", "provider_config": SECRET}]},
        {"fallback_configs": [{"provider": "a", "api_key": SECRET}]},
    ],
    ids=[
        "mistyped field",
        "other spelling",
        "list",
        "dict",
        "other field wrong",
        "provider_config",
        "list in provider_config",
        "mistyped in a fallback",
        "list in a fallback",
        "provider_config of a fallback",
        "field missing in a fallback",
    ],
)
def test_a_secret_is_in_no_refusal(fields):
    with pytest.raises(ValidationError) as caught:
        ImageGenerationConfig(**{"provider": "acme", "model": "acme-image", **fields})
    error = caught.value
    assert SECRET not in f"{error} {error!r} {error.problems!r}"
    assert SECRET.encode() not in pickle.dumps(error)


@pytest.mark.parametrize(
    "fields",
    [
        {"promt": "a private wish"},
        {"prompt": ["a private wish"]},
        {"prompt": "a private wish\0"},
        {"prompt": "x", "negative_prompt": "a private wish\0"},
        {"prompt": "x", "negative_promt": "a private wish"},
        {"prompt": b"a private wish"},
    ],
    ids=["mistyped field", "list", "NUL", "negative NUL", "negative mistyped", "bytes"],
)
def test_a_prompt_is_in_no_refusal(fields):
    with pytest.raises(ValidationError) as caught:
        ImageGenerationRequest(**fields)
    assert "private wish" not in f"{caught.value} {caught.value.problems!r}"


@pytest.mark.parametrize(
    "fields",
    [
        {"image_list": [{"image": "QUJDREVG", "type": "QUJDREVG-frame"}]},
        {"image_list": "QUJDREVG"},
        {"image": "QUJDREVG"},
        {"mask_image": {"imag": "QUJDREVG"}},
    ],
    ids=["wrong part in the list", "string for the list", "unknown field", "mistyped in the mask"],
)
def test_a_picture_is_in_no_refusal(fields):
    with pytest.raises(ValidationError) as caught:
        ImageGenerationRequest(prompt="x", **fields)
    assert "QUJDREVG" not in f"{caught.value} {caught.value.problems!r}"


def test_records_are_frozen():
    class Plain(FrozenModel):
        name: str = "x"

    with pytest.raises(ValueError, match="frozen"):
        Plain().name = "y"


def test_a_record_reads_its_own_json():
    class Bytes(FrozenModel):
        data: bytes
        share: float

    record = Bytes(data=bytes(range(256)), share=0.5)
    assert Bytes.model_validate_json(record.model_dump_json()) == record


def test_the_pydantic_error_with_its_values_is_not_shown_in_a_traceback():
    error = refused(name=SECRET, inner=3)
    assert error.__cause__ is None
    assert error.__suppress_context__
