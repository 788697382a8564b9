"""Rows: what the plugin says that its models accept, and whether it is so."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tarash.tarash_gateway.capabilities.rows import ImageModel, ModelRow
from tarash.tarash_gateway.capabilities.rules import parse_size
from tarash.tarash_gateway.errors import ValidationError
from tarash.tarash_gateway.flows.plan import plan_of
from tarash.tarash_gateway.models import ImageGenerationRequest, MediaKind, VideoGenerationRequest
from tarash_gateway_testing.base import ROLE_OF, Case, attempt
from tarash_gateway_testing.calls import Calls, Kind
from tarash_gateway_testing.media import sample_image
from tarash_gateway_testing.request_matcher import carries, carries_file
from tarash_gateway_testing.row_values import Value, declared_values, undeclared_values
from tarash_gateway_testing.rules import Rule

__all__ = ["RowChecks"]

OF_KIND = pytest.mark.parametrize("kind", ["image", "video"])

_SOURCE = Rule(
    "a row has the URL of the vendor's page that says so, and the day on which somebody compared the two.",
    "give source='https://...' and checked_on=date(...), the day on which you looked.",
    "Rows",
)
_NAMES = Rule(
    "a model's name leads to one row, aliases included.",
    "remove the name from one of the rows.",
    "Rows",
)
_FIELDS = Rule(
    "columns that name request fields (unsupported, substitutes, rules, operation_fields) name fields that a "
    "request has; extra_params.NAME is one of the vendor's own.",
    "spell the field as in ImageGenerationRequest or VideoGenerationRequest.",
    "Rows",
)
_TAKEN = Rule(
    "every value that a row declares is taken, sent, and reaches the vendor in the request.",
    "put the field into the vendor's request, or take the value out of the row. Where the vendor writes it in "
    "words of its own, say so in reached(request, field, value) of the test class. A handler must answer the "
    "request well.",
    "Rows",
)
_REFUSED = Rule(
    "a value that a row does not declare is refused before anything is sent. A tuple lists what is taken, () "
    "takes nothing, and None lets everything pass since it is not known.",
    "look at the column: a tuple of one needs its comma, and model_copy(update=...) looks at no type.",
    "Rows",
)
_VARIABLES = Rule(
    "key_variables names the environment variables that hold a key, in upper case.",
    "write them as the vendor's own tools do, such as ACME_API_KEY.",
    "Rows",
)


class RowChecks(Case):
    """Rows."""

    @OF_KIND
    def test_every_row_has_a_source_and_a_date(self, kind: MediaKind) -> None:
        """No source, no row."""
        tomorrow = datetime.now(UTC).date() + timedelta(days=1)
        for row in self._all_rows(kind):
            if not row.source.startswith(("https://", "http://")):
                self.broken(_SOURCE, f"the row of {row.model} has source={row.source!r}")
            if row.checked_on > tomorrow:
                self.broken(_SOURCE, f"the row of {row.model} was checked on {row.checked_on}, which is to come")

    @OF_KIND
    def test_a_name_leads_to_one_row(self, kind: MediaKind) -> None:
        """Names and aliases."""
        count = Counter(name for row in self._all_rows(kind) for name in row.names())
        twice = sorted(name for name, times in count.items() if times > 1)
        if twice:
            self.broken(_NAMES, f"more than one row is named {', '.join(twice)}")

    @OF_KIND
    def test_rows_name_fields_that_there_are(self, kind: MediaKind) -> None:
        """A misspelt field would be looked at in vain."""
        model: Any = ImageGenerationRequest if kind == "image" else VideoGenerationRequest
        fields = {*model.model_fields, "stream"}
        for row in self._all_rows(kind):
            named = {*row.unsupported, *row.substitutes, *(rule.field for rule in row.rules)}
            named |= {name for rule in row.rules for name in rule.when}
            named |= {name for names in getattr(row, "operation_fields", {}).values() for name in names}
            wrong = sorted(name for name in named if name not in fields and not name.startswith("extra_params."))
            if wrong:
                self.broken(_FIELDS, f"the row of {row.model} names {', '.join(wrong)}, which no {kind} request has")

    def test_the_variables_of_the_key_are_named(self) -> None:
        """For the messages, and for those who set one up."""
        variables = self.spec().key_variables
        wrong = [name for name in variables if not name.isidentifier() or name != name.upper()]
        if wrong:
            self.broken(_VARIABLES, f"key_variables has {', '.join(map(repr, wrong))}")
        if not variables:
            pytest.skip("key_variables is empty: the provider needs no key")

    @OF_KIND
    def test_every_declared_value_reaches_the_vendor(self, kind: MediaKind) -> None:
        """One request for each value of each row."""
        self.needs(kind)
        lacking = [
            f"{row.model}: {value}: {why}"
            for row in self.rows(kind)
            for value in declared_values(row, self.values_per_field)
            if (why := self._trouble_with(kind, row, value)) is not None
        ]
        if lacking:
            self.broken(_TAKEN, "\n".join([f"{len(lacking)} declared values do not reach the vendor:", *lacking]))

    @OF_KIND
    def test_an_undeclared_value_is_refused_before_anything_is_sent(self, kind: MediaKind) -> None:
        """For each closed column of each row."""
        self.needs(kind)
        passed = []
        for row in self.rows(kind):
            config = self.config(kind, model=row.model, unsupported="error")
            for value in undeclared_values(row):
                outcome = attempt(Calls("sync").create, kind, config, self.request(kind, **value.fields()))
                if not isinstance(outcome.error, ValidationError):
                    passed.append(f"{row.model}: {value} with {value.why}: {outcome}")
        if passed or self.vendor.sent():
            message = [
                f"{len(passed)} undeclared values were not refused ({len(self.vendor.sent())} requests went out):"
            ]
            self.broken(_REFUSED, "\n".join(message + passed))

    @OF_KIND
    def test_prompt_model_and_input_image_reach_the_vendor(self, calls: Calls, kind: MediaKind) -> None:
        """As they were given."""
        self.needs(kind)
        model = self.model(kind)
        row = next((row for row in self.rows(kind) if self.spec().wire_model(model) in row.names()), None)
        for fields in ({}, *_with_an_image(row)):
            request = self.request(kind, **fields)
            before = len(self.vendor.sent())
            outcome = attempt(calls.create, kind, self.config(kind), request)
            sent = self.vendor.sent()[before:]
            wanted = {"prompt": request.prompt, "model": self.spec().wire_model(model)}
            lost = [
                name
                for name, value in wanted.items()
                if not any(self._reached(sent_request, name, value) for sent_request in sent)
            ]
            images = [image.image for image in request.image_list]
            lost += [
                "image_list" for image in images if not any(carries_file(sent_request, image) for sent_request in sent)
            ]
            if outcome.error is not None or lost:
                listed = ", ".join(map(str, sent)) or "none"
                self.broken(_TAKEN, f"{', '.join(lost) or 'all'} of {model} did not arrive ({listed}): {outcome}")

    def _all_rows(self, kind: MediaKind) -> list[ModelRow]:
        spec = self.spec()
        rows: list[ModelRow] = list(spec.image_models if kind == "image" else spec.video_models)
        if not rows:
            pytest.skip(f"{self.provider} has no {kind} rows")
        return rows

    def _trouble_with(self, kind: MediaKind, row: ModelRow, value: Value) -> str | None:
        """Returns why a declared value does not reach the vendor; None where it does, or where it cannot be tried."""
        config = self.config(kind, model=row.model)
        request, refused = self._fitting(config, kind, row, value)
        if request is None:
            return refused
        how: Kind = "stream" if refused == "stream" else kind
        if ROLE_OF[how] not in self.vendor.roles:
            return None
        before = len(self.vendor.sent())
        outcome = attempt(Calls("sync").create, how, config, request)
        if outcome.error is not None:
            return str(outcome)
        snapshot = outcome.value.request
        name, _, param = value.field.partition(".")
        # A ratio may go out as the size that stands for it.
        field = "size" if name == "aspect_ratio" and name not in snapshot else name
        sent = snapshot.get(field, {}).get(param) if param else snapshot.get(field)
        if sent is None or any(
            self._reached(sent_request, value.field, sent) for sent_request in self.vendor.sent()[before:]
        ):
            return None
        return f"{sent!r} is not in the request that was sent"

    def _fitting(self, config: Any, kind: MediaKind, row: ModelRow, value: Value) -> tuple[Any, str | None]:
        """Returns a request with the value, and `stream` where only a stream takes it; or why there is none."""
        fields = value.fields()
        for _ in range(4):
            request = self.request(kind, **fields)
            problems = plan_of(config, request).problems
            if not problems:
                return request, None
            if isinstance(row, ImageModel) and row.streaming and not plan_of(config, request, stream=True).problems:
                return request, "stream"
            changed = dict(fields)
            for problem in problems:
                name = problem.field
                allowed = problem.allowed if isinstance(problem.allowed, tuple) else ()
                wanted = next((item for item in allowed if item != "(not given)"), None)
                if name != value.field and name in type(request).model_fields and wanted is not None:
                    changed[name] = wanted
            if changed == fields:
                return None, f"the row declares it and refuses it: {'; '.join(map(str, problems))}"
            fields = changed
        return None, "no request with it passes the row's own rules"

    def _reached(self, request: Any, field: str, value: Any) -> bool:
        said = self.reached(request, field, value)
        return carries(request, value) if said is None else said


def _with_an_image(row: ModelRow | None) -> list[dict[str, Any]]:
    """Returns the fields of a request with an input image; none where the model takes no PNG."""
    formats = row.input_formats if row is not None else None
    if row is None or not row.max_input_images or (formats is not None and "image/png" not in formats):
        return []
    sizes = row.sizes if isinstance(row.sizes, tuple) and getattr(row, "input_match_size", False) else ()
    pixels = next((parsed for size in sizes if (parsed := parse_size(size))), None)
    if pixels is None:
        return [{"image_list": [sample_image("input", width=64, height=64)]}]
    width, height = pixels
    return [{"size": f"{width}x{height}", "image_list": [sample_image("input", width=width, height=height)]}]
