"""What a plugin returned, checked before anything is done with it.

What an image or a job cannot be read without is an error that names the field. A field beside them is left out with a
warning: what was paid for is not lost for it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

import pydantic

from tarash.tarash_gateway.errors import PluginError
from tarash.tarash_gateway.flows.commands import ProviderCall
from tarash.tarash_gateway.flows.context import Context
from tarash.tarash_gateway.models.job import GenerationJob, ImageJob, VideoJob
from tarash.tarash_gateway.plugins._registry import normalize_name
from tarash.tarash_gateway.plugins.exchange import ImageAnswer, ImageOutput, ImagePart, ImageStatus, VideoStatus

AnswerT = TypeVar("AnswerT", ImageAnswer, ImageStatus, VideoStatus)
ReportT = TypeVar("ReportT", ImageStatus, VideoStatus)

_OUTPUT = {"base64": str, "content": bytes, "url": str, "others": tuple, "error": str}
_BESIDE_OUTPUT = {"revised_prompt": str, "seed": int}
_BESIDE = {"usage": dict, "cost": float, "raw": dict, "warnings": tuple}
_BESIDE_IMAGES = {**_BESIDE, "provider_request_id": str, "tokens": Mapping}
_BESIDE_JOB = {**_BESIDE, "poll_after": float}
"""The fields of what plugins return and their types. `float` is any finite number, `tuple` a sequence of texts, which
must be there; anything else may be None."""


def checked_answer(answer: object, call: ProviderCall) -> ImageAnswer:
    """Checks what an image primitive returned; a field beside the images that breaks the contract is left out.

    Raises:
        PluginError: it is no answer, or one of its images is none.
    """
    if not isinstance(answer, ImageAnswer):
        raise _is_another(answer, ImageAnswer, call)
    if not isinstance(answer.outputs, (list, tuple)):
        raise _is_invalid(answer, _problem("outputs", answer.outputs), call)
    outputs, left_out = list(answer.outputs), []
    for at, output in enumerate(outputs):
        _check_output(answer, output, f"outputs.{at}", call)
        for field in _wrong_fields(output, _BESIDE_OUTPUT):
            left_out.append(_problem(f"outputs.{at}.{field}", getattr(output, field)))
            change: dict[str, Any] = {field: None}
            outputs[at] = replace(outputs[at], **change)
    whole = replace(answer, outputs=outputs) if left_out else answer
    return _with_defaults(whole, _wrong_fields(answer, _BESIDE_IMAGES), left_out, call)


def check_part(part: object, call: ProviderCall) -> None:
    """Checks an item of a stream that is no answer.

    Raises:
        PluginError: it is no partial image, or one of its fields is not what the contract says.
    """
    if not isinstance(part, ImagePart):
        raise _is_another(part, ImagePart, call)
    _check_output(part, part.output, "output", call)
    for field in _wrong_fields(part.output, _BESIDE_OUTPUT):
        raise _is_invalid(part, _problem(f"output.{field}", getattr(part.output, field)), call)
    if type(part.index) is not int:
        raise _is_invalid(part, _problem("index", part.index), call)


def checked_report(report: object, kind: type[ReportT], call: ProviderCall) -> ReportT:
    """Checks what a primitive of a job returned; a field beside the job that breaks the contract is left out.

    Raises:
        PluginError: it is no report, or its job is none; with the job, where its id is known.
    """
    if not isinstance(report, kind):
        raise _is_another(report, kind, call)
    job, job_type = report.job, ImageJob if kind is ImageStatus else VideoJob
    problem = _job_problem(job, job_type)
    if problem is not None:
        named = isinstance(job, job_type) and type(job.id) is str and job.id
        raise _is_invalid(report, problem, call, job=_findable(job, call) if named else None)
    return _with_defaults(report, _wrong_fields(report, _BESIDE_JOB), [], call)


def check_new_job(context: Context, job: GenerationJob, call: ProviderCall) -> None:
    """Makes sure that a job which was just submitted lives where it was submitted to.

    Raises:
        PluginError: it says something else; with the job as it can be found again.
    """
    provider, endpoint = context.config.provider, call.provider.endpoint
    for field, fits in (
        ("provider", normalize_name(job.provider) == normalize_name(provider)),
        ("endpoint", job.endpoint.rstrip("/") == endpoint.rstrip("/")),
    ):
        if not fits:
            msg = f"{call.label} returned a job whose {field} is not that of its own provider"
            home = job.model_copy(update={"provider": provider, "endpoint": endpoint})
            raise PluginError(msg, billable="unknown", job=home)


def _check_output(whole: object, output: object, place: str, call: ProviderCall) -> None:
    if not isinstance(output, ImageOutput):
        raise _is_invalid(whole, _problem(place, output), call)
    for field in _wrong_fields(output, _OUTPUT):
        raise _is_invalid(whole, _problem(f"{place}.{field}", getattr(output, field)), call)


def _job_problem(job: object, kind: type[GenerationJob]) -> str | None:
    if not isinstance(job, kind):
        return _problem("job", job)
    try:
        kind.model_validate(job.__dict__, strict=True)
    except pydantic.ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        words = first["msg"]
        return f"job.{'.'.join(map(str, first['loc']))}: {words[:1].lower()}{words[1:]}"
    if not job.id.isprintable() or not job.id:
        return "job.id has a control character in it" if job.id else "job.id is empty"
    return "job.outputs must be at least 1" if job.outputs < 1 else None


def _wrong_fields(thing: object, types: Mapping[str, type]) -> list[str]:
    """Lists the fields of `thing` that are not of their type."""
    wrong = []
    for field, kind in types.items():
        value = getattr(thing, field)
        if kind is tuple:
            fits = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
        elif value is None:
            fits = True
        elif kind is float:
            fits = type(value) in (int, float) and math.isfinite(value)
        else:
            fits = type(value) is int if kind is int else isinstance(value, kind)
        if not fits:
            wrong.append(field)
    return wrong


def _with_defaults(answer: AnswerT, wrong: list[str], left_out: list[str], call: ProviderCall) -> AnswerT:
    """Returns `answer` with its `wrong` fields as if they were not given, and a warning of what was left out."""
    left_out = [*left_out, *(_problem(field, getattr(answer, field)) for field in wrong)]
    if not left_out:
        return answer
    text = f"{_invalid(answer, call)}: {', '.join(left_out)}; this was left out. This is a defect of the plugin."
    right: dict[str, Any] = {
        field.name: getattr(answer, field.name) for field in fields(answer) if field.name not in wrong
    }
    return type(answer)(**{**right, "warnings": [*right.get("warnings", ()), text]})


def _problem(field: str, value: object) -> str:
    """Describes what is in a field by its type; nothing of its text, which may be anything."""
    return f"{field} is {value}" if isinstance(value, float) else f"{field} is a {type(value).__name__}"


def _is_another(value: object, wanted: type, call: ProviderCall) -> PluginError:
    article = "an" if wanted.__name__.startswith("I") else "a"
    msg = f"{call.label} returned a {type(value).__name__} instead of {article} {wanted.__name__}"
    return PluginError(msg, billable="unknown")


def _is_invalid(value: object, problem: str, call: ProviderCall, job: GenerationJob | None = None) -> PluginError:
    msg = f"{_invalid(value, call)}: {problem}. This is a defect of the plugin."
    return PluginError(msg, billable="unknown", job=job)


def _invalid(value: object, call: ProviderCall) -> str:
    return f"{call.label} returned an invalid {type(value).__name__}"


def _findable(job: GenerationJob, call: ProviderCall) -> GenerationJob:
    """Keeps the little of a broken job that is needed to find it again."""
    home = job.endpoint if isinstance(job.endpoint, str) else call.provider.endpoint
    names = [value if isinstance(value, str) else "" for value in (job.provider, job.model)]
    return type(job)(provider=names[0], model=names[1], id=job.id, endpoint=home)
