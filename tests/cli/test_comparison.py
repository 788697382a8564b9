"""One request on several models: adjusted to each, within one budget, on one page."""

import json
import re

import pytest

from tarash.tarash_gateway import Journal
from tarash.tarash_gateway.errors import ProviderNotFoundError, SaveError, ValidationError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    VideoGenerationConfig,
    VideoGenerationRequest,
)
from tarash_gateway_cli.comparison import compare, plan_comparison

pytestmark = pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")


@pytest.fixture
def config(tarash_sandbox):
    def config(model, **settings):
        fixed = {"provider": "openai", "api_key": "sk-sandbox", "base_url": tarash_sandbox.url, **settings}
        return ImageGenerationConfig(model=model, **fixed)

    return config


REQUEST = ImageGenerationRequest(prompt="A harbour", size="1030x1020", n=2)


def data_of(page):
    (block,) = re.findall(r'<script id="data" type="application/json">(.*?)</script', page.read_text(), re.DOTALL)
    return json.loads(block)


def test_each_model_gets_the_nearest_values_that_it_takes(config, tmp_path):
    done = []
    models = (config("gpt-image-2"), config("gpt-image-1.5"))
    result = compare(models, REQUEST, tmp_path / "out", on_result=done.append)

    first, second = result.models
    assert {*map(id, done)} == {*map(id, result.models)}
    assert (first.name, second.name) == ("openai/gpt-image-2", "openai/gpt-image-1.5")
    assert [path.name for path in first.files] == ["openai-gpt-image-2.png", "openai-gpt-image-2-2.png"]
    assert first.changes[0].startswith("size 1030x1020 was sent as ")
    assert second.changes[0].startswith("size 1030x1020 was sent as 1024x1024: ")
    assert second.cost is None  # its price is not known
    assert result.cost == first.cost > 0
    assert all(path.with_name(f"{path.name}.json").is_file() for path in (*first.files, *second.files))
    page = data_of(result.page)
    assert [entry["path"] for entry in page["entries"]] == sorted(path.name for path in (*first.files, *second.files))
    shown = page["comparison"]
    assert shown["prompt"] == "A harbour"
    assert [model["model"] for model in shown["models"]] == ["gpt-image-2", "gpt-image-1.5"]
    assert shown["models"][0]["files"] == [path.name for path in first.files]
    assert shown["models"][0]["changes"] == first.changes


def test_an_error_of_one_model_does_not_stop_the_others(config, tmp_path):
    result = compare([config("gpt-image-2"), config("dall-e-2", base_url="http://127.0.0.1:9/v1")], REQUEST, tmp_path)

    good, bad = result.models
    assert len(good.files) == 2
    assert good.error is None
    assert bad.files == ()
    assert data_of(result.page)["comparison"]["models"][1]["error"] == str(bad.error)


def test_one_budget_holds_for_all_of_them(config, tmp_path, tarash_sandbox):
    request = ImageGenerationRequest(prompt="A harbour", size="1024x1024", quality="standard")
    models = [config("dall-e-3", max_retries=0), config("dall-e-3", max_retries=0), config("gpt-image-2")]
    result = compare(models, request, tmp_path, max_cost=0.05)

    assert sorted(len(model.files) for model in result.models) == [0, 0, 1]
    texts = sorted(str(model.error) for model in result.models if model.error is not None)
    assert "of the budget of $0.05 per process is left" in texts[0]
    assert "the price of this request is not known, so the budget cannot be kept" in texts[1]
    assert len([request for request in tarash_sandbox.requests if request.method == "POST"]) == 1


def test_the_same_model_twice_has_files_of_its_own(config, tmp_path):
    request = ImageGenerationRequest(prompt="A harbour", size="1024x1024")
    result = compare([config("gpt-image-2"), config("gpt-image-2")], request, tmp_path)

    assert [path.name for model in result.models for path in model.files] == [
        "openai-gpt-image-2.png",
        "openai-gpt-image-2+2.png",
    ]


def test_videos_are_compared_too_and_the_journal_of_the_caller_knows_them(tarash_sandbox, tmp_path):
    config = VideoGenerationConfig(
        provider="openai", model="sora-2", api_key="sk-sandbox", base_url=tarash_sandbox.url, poll_interval=0.02
    )
    with Journal(tmp_path / "journal") as journal:
        result = compare([config], VideoGenerationRequest(prompt="Waves", duration_seconds=5), tmp_path / "out")

    (model,) = result.models
    assert [path.name for path in model.files] == ["openai-sora-2.mp4"]
    assert model.changes[0].startswith("duration_seconds 5")
    assert [entry.status for entry in journal.entries()] == ["saved"]


def test_what_cannot_be_compared_is_refused_before_anything_is_sent(config, tmp_path, tarash_sandbox):
    with pytest.raises(ValidationError, match="give at least one config"):
        compare([], REQUEST, tmp_path)
    with pytest.raises(ValidationError, match="do not go together"):
        compare([VideoGenerationConfig(provider="openai", model="sora-2")], REQUEST, tmp_path)
    with pytest.raises(ProviderNotFoundError):
        compare([config("gpt-image-2"), config("x", provider="nobody")], REQUEST, tmp_path)
    with pytest.raises(ValidationError, match="a budget is a positive number"):
        compare([config("gpt-image-2")], REQUEST, tmp_path, max_cost=-1.0)
    (tmp_path / "a.txt").touch()
    with pytest.raises(SaveError, match="has files in it: give another folder, or replace=True"):
        compare([config("gpt-image-2")], REQUEST, tmp_path)
    assert not tarash_sandbox.requests
    assert len(compare([config("gpt-image-2")], REQUEST, tmp_path, replace=True).models[0].files) == 2


def test_a_plan_sends_nothing(config, tarash_sandbox):
    ((used, plan),) = plan_comparison([config("gpt-image-1.5")], REQUEST)
    assert used.unsupported_values == "nearest"
    assert plan.request.size == "1024x1024"
    assert plan.problems == ()
    assert not tarash_sandbox.requests


@pytest.fixture
def models(typed, tarash_sandbox, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-sandbox")
    monkeypatch.setenv("OPENAI_BASE_URL", tarash_sandbox.url)
    return ("-m", "openai/gpt-image-2", "-m", "openai/gpt-image-1.5")


def test_the_command_quotes_first_and_prints_the_page(typed, models, folder):
    done = typed("compare", "A harbour", *models, "--size", "1030x1020")

    assert done.code == 0
    assert done.out == "comparison/index.html\n"
    quote, made = done.err[: done.err.index("openai/gpt-image-1.5: 1 in")], done.err
    assert "openai/gpt-image-2: the price is known only afterwards\n  size 1030x1020 was sent as " in quote
    assert re.search(r"^openai/gpt-image-2: 1 in \d+\.\d s, \$0\.\d+$", made, re.MULTILINE)
    assert (folder / "comparison" / "openai-gpt-image-2.png").is_file()


def test_a_dry_run_sends_nothing(typed, models, folder, tarash_sandbox):
    done = typed("compare", "A harbour", *models, "--size", "1030x1020", "--dry-run", "--json")

    assert [model["model"] for model in done.reported["models"]] == ["openai/gpt-image-2", "openai/gpt-image-1.5"]
    assert not tarash_sandbox.requests
    assert not (folder / "comparison").exists()


def test_the_command_fails_where_no_model_made_anything(typed, models, folder, monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    done = typed("compare", "A harbour", *models, "--timeout", "60")

    assert done.code == 20
    assert done.out == "comparison/index.html\n"


def test_the_journal_of_the_command_knows_where_the_images_are(typed, models, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("TARASH_JOURNAL", str(tmp_path / "noted"))
    assert typed("compare", "A harbour", *models).code == 0

    entries = Journal(tmp_path / "noted").entries()
    assert [entry.status for entry in entries] == ["saved", "saved"]


def test_a_broken_image_is_kept_beside_its_place(config, tarash_sandbox, tmp_path):
    tarash_sandbox.fail("half_an_image", times=None)
    (model,) = compare([config("gpt-image-2")], REQUEST.model_copy(update={"n": 1}), tmp_path / "out").models

    kept = tmp_path / "out" / "openai-gpt-image-2.incomplete"
    assert model.error.media.data == kept.read_bytes()
    assert str(model.error).endswith(f"Its bytes are in {kept}.")


def test_a_page_of_somebody_else_is_found_before_anything_is_sent(config, tarash_sandbox, tmp_path):
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(
        SaveError, match=r"is there and is no gallery: move it, or give another folder. Nothing was sent"
    ):
        compare([config("gpt-image-2")], REQUEST, tmp_path, replace=True)

    assert tarash_sandbox.requests == []
