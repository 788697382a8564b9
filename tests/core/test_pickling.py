"""What travels between processes: no secret, no bytes that are in a file, and errors as they were."""

import concurrent.futures
import copy
import hashlib
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from tarash.tarash_gateway import generate_image
from tarash.tarash_gateway.errors import ConfigurationError, ContentPolicyError, DownloadError, TarashError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    Media,
    VideoGenerationRequest,
    VideoJob,
)
from tarash.tarash_gateway.plugins import registry

KEY = "sk-of-a-person-0123456789"
OTHER_KEY = "sk-of-another-9876543210"


@pytest.fixture(params=["pickle", "cloudpickle"])
def dumps(request):
    """The ways in which engines make bytes of an object."""
    return pytest.importorskip(request.param, reason=f"{request.param} is not installed").dumps


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "TEAM_KEY"):
        monkeypatch.delenv(name, raising=False)


def config(**settings):
    return ImageGenerationConfig(provider="openai", model="gpt-image-2", **settings)


class TestKeys:
    def test_a_key_travels_as_the_name_of_the_variable_that_holds_it(self, dumps, monkeypatch):
        monkeypatch.setenv("TEAM_KEY", KEY)
        data = dumps(config(api_key=KEY, base_url="https://gateway.test/v1"))
        assert KEY.encode() not in data
        arrived = pickle.loads(data)
        assert arrived.api_key == SecretStr(KEY)
        registry.create(arrived)

    @pytest.mark.parametrize("base_url", [None, "https://gateway.test/v1"])
    def test_another_value_of_that_variable_is_not_taken_for_the_key(self, dumps, monkeypatch, base_url):
        monkeypatch.setenv("TEAM_KEY", KEY)
        data = dumps(config(api_key=KEY, base_url=base_url))
        monkeypatch.setenv("TEAM_KEY", OTHER_KEY)  # another secret of the worker
        monkeypatch.setenv("OPENAI_API_KEY", OTHER_KEY)
        arrived = pickle.loads(data)
        assert arrived.api_key is None
        with pytest.raises(ConfigurationError) as caught:
            registry.create(arrived)
        assert str(caught.value) == (
            "api_key of 'openai' was given by hand and did not travel: no key is ever in a pickle. "
            "TEAM_KEY holds another value on this machine, which is not sent. Set it to the same key, or make the "
            "config here."
        )

    def test_the_usual_key_of_the_worker_goes_to_the_vendor_and_to_nobody_else(self, dumps, monkeypatch):
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        for_vendor, elsewhere = dumps(config(api_key=KEY)), dumps(config(api_key=KEY, base_url="https://gateway.test"))
        monkeypatch.setenv("OPENAI_API_KEY", OTHER_KEY)
        registry.create(pickle.loads(for_vendor))
        with pytest.raises(ConfigurationError, match="OPENAI_API_KEY holds another value on this machine"):
            registry.create(pickle.loads(elsewhere))

    def test_the_digest_of_a_key_is_salted_and_slow_to_guess(self):
        code = (
            "import os, pickle; from tarash.tarash_gateway.models import ImageGenerationConfig as C; "
            f"os.environ['TEAM_KEY'] = {KEY!r}; "
            f"print(pickle.loads(pickle.dumps(C(provider='openai', model='m', api_key={KEY!r})))._key_digest)"
        )
        first, second = (subprocess.check_output([sys.executable, "-c", code], text=True) for _ in range(2))
        assert first != second
        assert hashlib.sha256(KEY.encode()).hexdigest() not in first + second

    def test_a_pickle_without_a_digest_gives_no_key(self, monkeypatch):
        monkeypatch.setenv("TEAM_KEY", KEY)
        made = config(api_key=KEY)
        state = made.__getstate__()
        del state["__pydantic_private__"]["_key_digest"]  # as an earlier version wrote it
        arrived = ImageGenerationConfig.__new__(ImageGenerationConfig)
        arrived.__setstate__(state)
        assert arrived.api_key is None

    def test_a_worker_without_that_variable_says_what_to_set(self, dumps, monkeypatch):
        monkeypatch.setenv("TEAM_KEY", KEY)
        data = dumps(config(api_key=KEY))
        monkeypatch.delenv("TEAM_KEY")
        monkeypatch.setenv("OPENAI_API_KEY", OTHER_KEY)  # of somebody else
        with pytest.raises(ConfigurationError) as caught:
            registry.create(pickle.loads(data))
        assert str(caught.value) == (
            "api_key of 'openai' was given by hand and did not travel: no key is ever in a pickle. "
            "Set TEAM_KEY on this machine, or make the config here."
        )
        assert (caught.value.provider, caught.value.model) == ("openai", "gpt-image-2")

    @pytest.mark.parametrize("key", [KEY, SecretStr(KEY), os.getcwd], ids=["text", "secret", "function"])
    def test_a_key_in_no_variable_is_looked_for_in_the_usual_one(self, dumps, monkeypatch, key):
        data = dumps(config(api_key=key))
        assert KEY.encode() not in data
        arrived = pickle.loads(data)
        with pytest.raises(ConfigurationError, match="Set OPENAI_API_KEY on this machine"):
            registry.create(arrived)
        monkeypatch.setenv("OPENAI_API_KEY", OTHER_KEY)
        registry.create(arrived)

    def test_the_usual_key_does_not_go_to_another_vendors_address(self, monkeypatch):
        data = pickle.dumps(config(api_key=KEY, base_url="https://gateway.test/v1"))
        monkeypatch.setenv("OPENAI_API_KEY", OTHER_KEY)
        with pytest.raises(ConfigurationError) as caught:
            registry.create(pickle.loads(data))
        assert str(caught.value) == (
            "api_key of 'openai' was given by hand and did not travel: no key is ever in a pickle. "
            "Put it into a variable of its own on both machines and give api_key=os.environ[…], or make the config here."
        )

    def test_a_config_without_a_key_of_its_own_reads_the_environment_of_the_worker(self, dumps, monkeypatch):
        data = dumps(config(base_url="https://gateway.test/v1"))
        monkeypatch.setenv("OPENAI_API_KEY", OTHER_KEY)
        registry.create(pickle.loads(data))

    def test_a_fallback_leaves_its_key_behind_too(self, dumps):
        data = dumps(config(fallback_configs=[config(api_key=KEY)]))
        assert KEY.encode() not in data
        with pytest.raises(ConfigurationError, match="did not travel"):
            registry.create(pickle.loads(data).fallback_configs[0])

    def test_a_second_journey_forgets_nothing(self, monkeypatch):
        monkeypatch.setenv("TEAM_KEY", KEY)
        data = pickle.dumps(config(api_key=KEY))
        monkeypatch.delenv("TEAM_KEY")
        twice = pickle.loads(pickle.dumps(pickle.loads(data)))
        with pytest.raises(ConfigurationError, match="Set TEAM_KEY"):
            registry.create(twice)

    @pytest.mark.parametrize(
        "entries",
        [
            {"token": KEY},
            {"headers": {"X-Team": KEY}},
            {"gateway": {"access_token": KEY}},
            {"list": [{"Authorization": f"Bearer {KEY}"}]},
        ],
        ids=["token", "headers", "inside another", "inside a list"],
    )
    def test_text_under_the_name_of_a_credential_stays(self, dumps, entries):
        # Of a provider that does not declare what is no secret: the names decide.
        settings = {**entries, "region": "north", "max_tokens": 5}
        made = ImageGenerationConfig(provider="acme", model="acme-image", provider_config=settings)
        data = dumps(made)
        assert KEY.encode() not in data
        assert KEY not in made.model_dump_json()
        arrived = pickle.loads(data)
        assert arrived.provider_config == {"region": "north", "max_tokens": 5}
        with pytest.raises(ConfigurationError, match=f"lost {next(iter(entries))} when it was pickled"):
            arrived.require_whole()

    def test_copies_stay_in_the_process_and_keep_the_key(self):
        made = config(api_key=KEY, provider_config={"token": KEY})
        for twin in (copy.copy(made), copy.deepcopy(made), made.model_copy()):
            assert (twin.api_key, twin.provider_config) == (SecretStr(KEY), {"token": KEY})


class TestWhatIsAskedForAndWhatComes:
    def test_a_request_travels(self, dumps, png, tmp_path):
        request = ImageGenerationRequest(prompt="a cat", image_list=[png, tmp_path / "a.png"], seed=3)
        assert pickle.loads(dumps(request)) == request

    def test_a_job_and_a_request_about_it_travel(self, dumps):
        job = VideoJob(provider="openai", model="sora-2", id="video_1", endpoint="https://api.openai.com/v1")
        request = VideoGenerationRequest(prompt="on", video=job, operation="remix")
        assert pickle.loads(dumps(job)) == job
        assert pickle.loads(dumps(request)) == request

    def test_a_saved_picture_travels_as_path_and_digest(self, dumps, png, tmp_path):
        media = Media.from_bytes(png)
        media.save(tmp_path / "a.png")
        data = dumps(media)
        assert png[20:60] not in data
        arrived = pickle.loads(data)
        assert (arrived.data, arrived.path, arrived.sha256) == (None, tmp_path / "a.png", media.sha256)
        assert arrived.content == png
        assert media.data == png  # the one that stays is as it was

    def test_a_picture_that_was_saved_by_a_relative_path_is_found_from_elsewhere(self, png, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        media = Media.from_bytes(png)
        media.save("a.png")
        data, read = pickle.dumps(media), pickle.dumps(Media.from_file("a.png"))
        monkeypatch.chdir("/")
        assert pickle.loads(data).content == pickle.loads(read).content == png

    def test_a_picture_in_no_file_travels_with_its_bytes(self, dumps, png):
        arrived = pickle.loads(dumps(Media.from_bytes(png)))
        assert (arrived.data, arrived.path) == (png, None)

    @pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"other")], ids=["gone", "changed"])
    def test_a_file_that_is_not_what_was_saved_is_not_relied_on(self, png, tmp_path, spoil):
        media = Media.from_bytes(png)
        spoil(media.save(tmp_path / "a.png"))
        assert pickle.loads(pickle.dumps(media)).content == png

    def test_a_file_that_changes_on_the_way_is_told(self, png, jpeg, tmp_path):
        media = Media.from_bytes(png)
        media.save(tmp_path / "a.png")
        data = pickle.dumps(media)
        (tmp_path / "a.png").write_bytes(jpeg)
        with pytest.raises(DownloadError, match=r"a\.png has changed since it was saved"):
            _ = pickle.loads(data).content

    def test_a_clip_in_a_file_is_held_to_its_digest_of_then(self, dumps, clip, other_clip, tmp_path):
        path = tmp_path / "a.mp4"
        path.write_bytes(clip)
        data = dumps(Media.from_file(path))
        assert len(data) < 2000
        path.write_bytes(other_clip)
        with pytest.raises(DownloadError, match="has changed"):
            _ = pickle.loads(data).content

    def test_a_response_whose_pictures_were_saved_is_small(self, dumps, png, tmp_path):
        response = ImageGenerationResponse(request_id="r", provider="acme", model="m", images=[Media.from_bytes(png)])
        response.images[0].save(tmp_path / "a.png")
        arrived = pickle.loads(dumps(response))
        assert (arrived.images[0].data, arrived.images[0].content) == (None, png)

    def test_a_copy_in_this_process_keeps_its_bytes(self, png, tmp_path):
        media = Media.from_bytes(png)
        media.save(tmp_path / "a.png")
        assert copy.copy(media).data == copy.deepcopy(media).data == png


class TestErrors:
    def test_the_cause_of_another_library_is_named_and_not_quoted(self, dumps):
        error = TarashError("refused")
        error.__cause__ = PermissionError(f"key {KEY} is not known")
        data = dumps(error)
        assert KEY.encode() not in data
        assert repr(pickle.loads(data).__cause__) == "PickledCause('builtins.PermissionError')"

    def test_a_chain_of_causes_is_kept_as_far_as_it_is_ours(self, dumps):
        error, middle = TarashError("last"), TarashError("first")
        error.__cause__, middle.__cause__ = middle, ValueError(KEY)
        arrived = pickle.loads(pickle.dumps(pickle.loads(dumps(error))))
        assert str(arrived.__cause__) == "first"
        assert str(arrived.__cause__.__cause__) == "builtins.ValueError"


@pytest.fixture(scope="module")
def worker(_tarash_sandbox_server):
    """Another process, which inherits nothing but the environment."""
    environment = {
        "OPENAI_BASE_URL": _tarash_sandbox_server.url,
        "OPENAI_API_KEY": KEY,
        "TARASH_DISABLE_PLUGINS": "ledger",
    }
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(os.getpid).result()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        yield pool


class TestAnotherProcess:
    """A worker that was spawned, and has its own environment."""

    def test_makes_a_picture_with_its_own_key(self, worker, tarash_sandbox):
        request = ImageGenerationRequest(prompt="a kite", size="1024x1024")
        response = worker.submit(generate_image, config(api_key=OTHER_KEY), request).result()
        assert response.images[0].content[:4] == b"\x89PNG"
        assert tarash_sandbox.requests[-1].headers["authorization"] == f"Bearer {KEY}"

    def test_sends_its_errors_home(self, worker, tarash_sandbox):
        tarash_sandbox.fail("moderation_blocked")
        request = ImageGenerationRequest(prompt="a kite", size="1024x1024")
        with pytest.raises(ContentPolicyError) as caught:
            worker.submit(generate_image, config(), request).result()
        assert caught.value.provider == "openai"
        assert caught.value.status_code == 400
