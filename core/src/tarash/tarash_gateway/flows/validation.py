"""What a plugin gave, looked at before anything is done with it: a half-filled answer is told by its field.

Pictures and jobs that were paid for are not lost for a field beside them: it is left out with a warning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import pydantic

from tarash.tarash_gateway.errors import PluginError
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.models.job import GenerationJob, ImageJob, VideoJob
from tarash.tarash_gateway.plugins._registry import normalize_name
from tarash.tarash_gateway.plugins.exchange import ImageAnswer, ImageOutput, ImagePart, ImageStatus, VideoStatus
from tarash.tarash_gateway.plugins.provider import Provider

Check = Callable[[Any], bool]
AnswerT = TypeVar("AnswerT", ImageAnswer, ImageStatus, VideoStatus)
ReportT = TypeVar("ReportT", ImageStatus, VideoStatus)


def _one_of(*kinds: type) -> Check:
    return lambda value: value is None or isinstance(value, kinds)


def _number(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and math.isfinite(value))


def _texts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)


_BESIDE_PICTURES: dict[str, Check] = {
    "provider_request_id": _one_of(str),
    "usage": _one_of(dict),
    "cost": _number,
    "tokens": lambda value: value is None or isinstance(value, Mapping),
    "warnings": _texts,
    "raw": _one_of(dict),
}
_OUTPUT: dict[str, Check] = {
    "base64": _one_of(str),
    "content": _one_of(bytes),
    "url": _one_of(str),
    "others": _texts,
    "error": _one_of(str),
}
_BESIDE_OUTPUT: dict[str, Check] = {
    "revised_prompt": _one_of(str),
    "seed": lambda value: value is None or type(value) is int,
}
_BESIDE_JOB: dict[str, Check] = {
    "poll_after": _number,
    "usage": _one_of(dict),
    "cost": _number,
    "raw": _one_of(dict),
    "warnings": _texts,
}


def checked_answer(answer: object, provider: Provider, name: str) -> ImageAnswer:
    """What an image primitive gave; a field beside the pictures that is not what the contract says is left out.

    Raises:
        PluginError: it is no answer, or one of its pictures is none.
    """
    _refuse_other(answer, ImageAnswer, provider, name)
    assert isinstance(answer, ImageAnswer)  # noqa: S101 # see above
    _refuse(_output_problems_of(answer), "an ImageAnswer", provider, name)
    wrong = [*_wrong_fields(answer, _BESIDE_PICTURES)]
    beside = [(at, field) for at, one in enumerate(answer.outputs) for field in _wrong_fields(one, _BESIDE_OUTPUT)]
    if not wrong and not beside:
        return answer
    outputs = list(answer.outputs)
    told = [_told(field, getattr(answer, field)) for field in wrong]
    for at, field in beside:
        told.append(_told(f"outputs.{at}.{field}", getattr(outputs[at], field)))
        left_out: dict[str, Any] = {field: None}
        outputs[at] = replace(outputs[at], **left_out)
    whole = replace(_without(answer, wrong), outputs=outputs)
    return _with_warning(whole, "an ImageAnswer", told, provider, name)


def check_part(part: object, provider: Provider, name: str) -> None:
    """Looks at an item of a stream that is no answer.

    Raises:
        PluginError: it is no partial picture, or one of its fields is not what the contract says.
    """
    _refuse_other(part, ImagePart, provider, name)
    if isinstance(part, ImagePart):
        _refuse(_part_problems(part), "an ImagePart", provider, name)


def checked_report(report: object, kind: type[ReportT], provider: Provider, name: str) -> ReportT:
    """Checks what a primitive of a job returned; a field beside the job that breaks the contract is left out.

    Args:
        report: what it returned.
        kind: `ImageStatus` or `VideoStatus`.
        provider: whose primitive it is.
        name: the primitive.

    Raises:
        PluginError: it is no report, or its job is none; with the job, where its id is known.
    """
    _refuse_other(report, kind, provider, name)
    assert isinstance(report, kind)  # noqa: S101 # see above
    job, job_type = report.job, _JOB_OF[kind]
    named = isinstance(job, job_type) and type(job.id) is str and job.id
    what = f"{_article(kind)} {kind.__name__}"
    _refuse(_job_problems(job, job_type), what, provider, name, job=_named(job, provider) if named else None)
    wrong = [*_wrong_fields(report, _BESIDE_JOB)]
    if not wrong:
        return report
    told = [_told(field, getattr(report, field)) for field in wrong]
    return _with_warning(_without(report, wrong), what, told, provider, name)


_JOB_OF: dict[type, type[GenerationJob]] = {ImageStatus: ImageJob, VideoStatus: VideoJob}


def _article(kind: type) -> str:
    return "an" if kind.__name__[0] in "AEIOU" else "a"


def check_new_job(context: Context, job: GenerationJob, provider: Provider, name: str) -> None:
    """Makes sure that a job which was just submitted lives where it was submitted to.

    Raises:
        PluginError: it says something else; with the job as it can be found again.
    """
    for field, fits in (
        ("provider", normalize_name(job.provider) == normalize_name(context.config.provider)),
        ("endpoint", job.endpoint.rstrip("/") == provider.endpoint.rstrip("/")),
    ):
        if not fits:
            home = {"provider": context.config.provider, "endpoint": provider.endpoint}
            msg = f"{type(provider).__name__}.{name} gave a job whose {field} is not that of its own provider"
            raise PluginError(msg, billable="unknown", job=job.model_copy(update=home))


def _refuse_other(given: object, wanted: type, provider: Provider, name: str) -> None:
    if not isinstance(given, wanted):
        place = f"where {_article(wanted)} {wanted.__name__} belongs"
        msg = f"{type(provider).__name__}.{name} gave a {type(given).__name__} {place}"
        raise PluginError(msg, billable="unknown")


def _refuse(
    problems: Iterator[str], what: str, provider: Provider, name: str, job: GenerationJob | None = None
) -> None:
    problem = next(problems, None)
    if problem is not None:
        msg = f"{type(provider).__name__}.{name} gave {what} with {problem}. This is a defect of the plugin."
        raise PluginError(msg, billable="unknown", job=job)


def _output_problems_of(answer: ImageAnswer) -> Iterator[str]:
    if not isinstance(answer.outputs, (list, tuple)):
        yield _told("outputs", answer.outputs)
        return
    for at, output in enumerate(answer.outputs):
        yield from _output_problems(output, f"outputs.{at}")


def _part_problems(part: ImagePart) -> Iterator[str]:
    yield from _output_problems(part.output, "output")
    if isinstance(part.output, ImageOutput):
        yield from _field_problems(part.output, _BESIDE_OUTPUT, "output.")
    if type(part.index) is not int:
        yield _told("index", part.index)


def _output_problems(output: object, place: str) -> Iterator[str]:
    if isinstance(output, ImageOutput):
        yield from _field_problems(output, _OUTPUT, f"{place}.")
    else:
        yield _told(place, output)


def _job_problems(job: object, kind: type[GenerationJob]) -> Iterator[str]:
    if not isinstance(job, kind):
        yield _told("job", job)
        return
    try:
        kind.model_validate(job.__dict__, strict=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        words = first["msg"]
        yield f"job.{'.'.join(map(str, first['loc']))}: {words[:1].lower()}{words[1:]}"
    if not job.id:
        yield "job.id of nothing"
    elif not job.id.isprintable():
        yield "job.id with a control character in it"
    if job.outputs < 1:
        yield "job.outputs of nothing"


def _without(given: AnswerT, names: list[str]) -> AnswerT:
    """The same with these fields as they are where nobody fills them."""
    kept = {field.name: getattr(given, field.name) for field in fields(given) if field.name not in names}
    return type(given)(**kept)


def _with_warning(given: AnswerT, what: str, told: list[str], provider: Provider, name: str) -> AnswerT:
    text = f"{type(provider).__name__}.{name} gave {what} with {', '.join(told)}"
    warning = f"{text}; that was left out. This is a defect of the plugin."
    return replace(given, warnings=[*given.warnings, warning])


def _field_problems(given: object, checks: dict[str, Check], before: str = "") -> Iterator[str]:
    for field in _wrong_fields(given, checks):
        yield _told(before + field, getattr(given, field))


def _wrong_fields(given: object, checks: dict[str, Check]) -> Iterator[str]:
    return (field for field, fits in checks.items() if not fits(getattr(given, field)))


def _told(field: str, value: object) -> str:
    """What is in a field, by its type; nothing of its text, which may be anything."""
    if isinstance(value, float):
        return f"{field} of {value}"
    return f"{field} of a {type(value).__name__}"


def _named(job: GenerationJob, provider: Provider) -> GenerationJob:
    """The little of a broken job that is needed to find it again."""
    home = job.endpoint if isinstance(job.endpoint, str) else provider.endpoint
    names = [value if isinstance(value, str) else "" for value in (job.provider, job.model)]
    return type(job)(provider=names[0], model=names[1], id=job.id, endpoint=home)
