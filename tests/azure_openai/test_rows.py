"""Azure's rows: OpenAI's, with Azure's limits and dates."""

from __future__ import annotations

import pytest

from tarash_gateway_azure_openai import IMAGE_MODELS, VIDEO_MODELS
from tarash_gateway_azure_openai.rows import IMAGE_OFFERS, VIDEO_OFFERS
from tarash_gateway_openai import IMAGE_MODELS as OPENAI_IMAGE_MODELS

ROWS = [*IMAGE_MODELS, *VIDEO_MODELS]


def test_each_model_that_azure_offers_and_openai_has_a_row_for_has_one_here():
    assert {row.model for row in IMAGE_MODELS} == IMAGE_OFFERS.keys() & {row.model for row in OPENAI_IMAGE_MODELS}
    assert {row.model for row in VIDEO_MODELS} == VIDEO_OFFERS.keys()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.model)
def test_a_row_has_microsofts_source_and_date_and_no_price_of_openais(row):
    assert row.source.startswith("https://learn.microsoft.com/")
    # What is younger than Microsoft's page that we have is from LiteLLM's price map, which cites it.
    cites = ("https://learn.microsoft.com/", "https://github.com/BerriAI/litellm/")
    assert row.lifecycle.source.startswith(cites)
    assert row.lifecycle.shutdown is not None
    assert row.price is None
    assert type(row).model_validate(row.model_dump()) == row


@pytest.mark.parametrize("row", IMAGE_MODELS, ids=lambda row: row.model)
def test_there_is_no_webp(row):
    assert "webp" not in (row.output_formats or ())
    assert "image/webp" not in (row.input_formats or ())


def test_the_page_keeps_its_promise_for_videos():
    (sora,) = VIDEO_MODELS

    assert sora.aspect_ratios["16:9"] == "1280x720"
    assert {4, 8, 12} <= set(sora.durations)
    assert sora.operations == ("generate", "remix")
