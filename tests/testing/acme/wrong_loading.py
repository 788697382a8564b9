"""A plugin that is slow to load, or wrong about itself, is told so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from acme_by_hand import AcmeProvider
from acme_films import PAINT, SPEC
from wrong import Wrong

from tarash.tarash_gateway.capabilities import FieldRule


def with_paint(**changes):
    return SPEC.model_copy(update={"image_models": (PAINT.model_copy(update=changes),)})


class Forgetful(AcmeProvider):
    """Leaves a field of the request out."""

    def picture_body(self, prepared):
        return {**super().picture_body(prepared), "manner": None}


class Unlucky(AcmeProvider):
    """Leaves the seed out."""

    def picture_body(self, prepared):
        return {**super().picture_body(prepared), "luck": None}


class Shortening(AcmeProvider):
    def picture_body(self, prepared):
        body = super().picture_body(prepared)
        return {**body, "text": body["text"][:10], "picture": None}


class Catalogue(AcmeProvider):
    """Gives what the vendor said, and looks at nothing."""

    async def fetch_models_async(self, *, timeout):
        return [model["name"] for model in (await self.call("GET", "/catalogue", timeout))["paints"]]


class Curious(AcmeProvider):
    """Asks for the list of models before each request."""

    async def generate_image_async(self, prepared, *, timeout):
        await self.fetch_models_async(timeout=timeout)
        return await super().generate_image_async(prepared, timeout=timeout)


HASTY = {"plugin": "acme_hasty"}
TOMORROW = datetime.now(UTC).date() + timedelta(days=3)
TWICE = PAINT.model_copy(update={"model": "acme-paint-2"})
ODD_RULE = FieldRule(when={"stlye": ("oil",)}, field="quality", allowed=("fine",), because="oil is fine")

WRONG = {
    "not installed": Wrong(
        "test_the_entry_point_has_the_providers_name",
        "no entry point is named 'acme_films'; there are azure_openai,",
        case={"plugin": None},
    ),
    "for another gateway": Wrong(
        "test_the_plugin_can_be_loaded",
        "speaks version 99 of the plugin contract, tarash-gateway speaks 1: upgrade tarash-gateway",
        spec=SPEC.model_copy(update={"api_version": 99}),
    ),
    "no hooks": Wrong("test_the_plugin_can_be_loaded", "offers no provider", case={"plugin": object()}),
    "imports a library": Wrong(
        "test_listing_the_rows_imports_no_sdk_and_no_http_library", "imported httpx2", case=HASTY
    ),
    "imports its SDK": Wrong(
        "test_listing_the_rows_imports_no_sdk_and_no_http_library",
        "imported acme_films, httpx2",
        case={**HASTY, "forbidden_modules": ("acme_films",)},
    ),
    "asks the network": Wrong("test_listing_the_rows_opens_no_connection", "socket.connect", case=HASTY),
    "reads a file": Wrong("test_listing_the_rows_opens_no_file", "opened /dev/null", case=HASTY),
    "reads the environment": Wrong(
        "test_listing_the_rows_reads_no_environment_variable", "read ACME_REGION (", case=HASTY
    ),
    "imports a lot": Wrong("test_importing_the_plugin_is_cheap", "the limit is 10", case={**HASTY, "most_modules": 10}),
    "a row without a page": Wrong(
        "test_every_row_has_a_source_and_a_date",
        "the row of acme-paint-1 has source='the docs'",
        spec=with_paint(source="the docs"),
    ),
    "a row from the future": Wrong(
        "test_every_row_has_a_source_and_a_date", "which is to come", spec=with_paint(checked_on=TOMORROW)
    ),
    "one name for two rows": Wrong(
        "test_a_name_leads_to_one_row",
        "more than one row is named acme-paint",
        spec=SPEC.model_copy(update={"image_models": (PAINT, TWICE)}),
    ),
    "a misspelt field": Wrong(
        "test_rows_name_fields_that_there_are",
        "names negativ_prompt, which no image request has",
        spec=with_paint(unsupported=("negativ_prompt",)),
    ),
    "a misspelt field in a rule": Wrong(
        "test_rows_name_fields_that_there_are", "names stlye", spec=with_paint(rules=(ODD_RULE,))
    ),
    "an odd variable": Wrong(
        "test_the_variables_of_the_key_are_named",
        "key_variables has 'acme-key'",
        spec=SPEC.model_copy(update={"key_variables": ("acme-key",)}),
    ),
    "a value that is not sent": Wrong(
        "test_every_declared_value_reaches_the_vendor",
        "acme-paint-1: style='oil': 'oil' is not in the request that was sent",
        make=Forgetful,
    ),
    "a seed that is not sent": Wrong(
        "test_every_declared_value_reaches_the_vendor",
        "acme-paint-1: seed=7: 7 is not in the request that was sent",
        make=Unlucky,
    ),
    "a value that its own row refuses": Wrong(
        "test_every_declared_value_reaches_the_vendor",
        "acme-paint-1: style='oil': the row declares it and refuses it",
        spec=with_paint(
            rules=(FieldRule(when={"style": ("oil",)}, field="style", allowed=("ink",), because="oil is out"),)
        ),
    ),
    "a tuple without its comma": Wrong(
        "test_an_undeclared_value_is_refused_before_anything_is_sent",
        "acme-paint-1: style='oi' with styles='oil'",
        spec=with_paint(styles="oil"),
    ),
    "names in place of rows": Wrong(
        "test_the_rows_that_the_vendor_publishes_are_rows",
        "the vendor publishes its models, live_models=True: it gave []",
        make=Catalogue,
    ),
    "rows that nobody is told of": Wrong(
        "test_the_rows_that_the_vendor_publishes_are_rows",
        "the vendor publishes its models, live_models=False: it gave [ImageModel(",
        spec=SPEC.model_copy(update={"live_models": False}),
    ),
    "a list of models that is none": Wrong(
        "test_a_list_of_models_that_cannot_be_read_is_an_error",
        "the list of models was answered with null: PluginError",
        make=Catalogue,
        params={"answer": "null"},
    ),
    "asks for the models each time": Wrong(
        "test_no_request_waits_for_the_list_of_models",
        "1 requests for the list of models were sent while something was made",
        make=Curious,
    ),
    "half a prompt": Wrong(
        "test_prompt_model_and_input_image_reach_the_vendor",
        "prompt of acme-paint-1 did not arrive (POST /v2/pictures,",
        make=Shortening,
    ),
}
