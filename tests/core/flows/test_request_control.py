"""What a provider tells while a request runs: a job's id, its progress; and what it is told: that nobody waits."""

import asyncio
import threading

import pytest

from tarash.tarash_gateway import Journal, generate_image, generate_image_async, register_plugin
from tarash.tarash_gateway.errors import (
    AuthenticationError,
    ConfigurationError,
    ContentPolicyError,
    GenerationFailedError,
    InvalidResponseError,
    ModelNotFoundError,
    PluginError,
    ProviderUnavailableError,
    RateLimitError,
    TarashError,
)
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest
from tarash.tarash_gateway.plugins import ImageAnswer, ImageOutput, Provider, ProviderSpec, hookimpl

WISH = ImageGenerationRequest(prompt="a cat in the rain")


class Acme(Provider):
    endpoint = "https://api.acme.test"


class Plugin:
    """A provider whose `generate_image` is `act(prepared)`, blocking or awaited."""

    def __init__(self, act, flavour="sync", **spec):
        self.act, self.flavour, self.spec, self.calls = act, flavour, spec, 0

    @hookimpl
    def tarash_provider_specs(self):
        return [ProviderSpec(name="acme", api_version=1, **self.spec)]

    @hookimpl
    def tarash_create_provider(self, config):
        def generate_image(provider, prepared, *, timeout):
            self.calls += 1
            return self.act(prepared)

        async def generate_image_async(provider, prepared, *, timeout):
            return generate_image(provider, prepared, timeout=timeout)

        methods = {"generate_image": generate_image}
        if self.flavour == "async":
            methods = {"generate_image_async": generate_image_async}
        return type("Acme", (Acme,), methods)()


FLAVOURS = pytest.mark.parametrize("flavour", ["sync", "async"])


def config(**fields):
    return ImageGenerationConfig(**{"provider": "acme", "model": "m", "timeout": 60, **fields})


class TestCreated:
    """A provider that loops inside `generate_image` and says which job it waits for pays once."""

    @FLAVOURS
    @pytest.mark.parametrize(
        "fault",
        [
            ProviderUnavailableError("503", retryable=True, billable="no"),
            RateLimitError("429", retryable=True),
            AuthenticationError("401"),
            ModelNotFoundError("404"),
            KeyError("x"),
        ],
        ids=str,
    )
    def test_nothing_is_sent_again_after_it(self, make_image, flavour, fault, tmp_path):
        def act(prepared):
            prepared.created("job_7")
            raise fault

        plugin = Plugin(act, flavour)
        chain = config(max_retries=5, fallback_configs=[config()])
        with register_plugin(plugin), Journal(tmp_path) as journal, pytest.raises(TarashError) as caught:
            make_image(chain, WISH)
        assert isinstance(caught.value, (type(fault), PluginError))
        assert plugin.calls == 1
        error = caught.value
        assert (error.job.id, error.job.endpoint, error.billable) == ("job_7", "https://api.acme.test", "unknown")
        assert "job job_7 exists at acme: nothing was sent again" in error.__notes__
        [entry] = journal.entries()
        assert (entry.status, entry.job.id) == ("unconfirmed", "job_7")

    def test_a_refusal_after_it_is_the_end_of_the_job(self, make_image, tmp_path):
        def act(prepared):
            prepared.created("job_7")
            raise ContentPolicyError("no", stage="output")

        with register_plugin(Plugin(act)), Journal(tmp_path) as journal, pytest.raises(ContentPolicyError):
            make_image(config(), WISH)
        assert [entry.status for entry in journal.entries()] == ["failed"]

    def test_a_result_names_the_job(self, make_image, png):
        def act(prepared):
            prepared.created("job_7")
            prepared.created("job_8")
            return ImageAnswer([ImageOutput(content=png)])

        with register_plugin(Plugin(act)):
            response = make_image(config(), WISH)
        assert (response.job.id, response.job.status) == ("job_7", "completed")

    def test_ctrl_c_names_the_job(self):
        def act(prepared):
            prepared.created("job_7")
            raise KeyboardInterrupt

        with register_plugin(Plugin(act)), pytest.raises(KeyboardInterrupt) as caught:
            generate_image(config(), WISH)
        assert caught.value.__notes__[0] == "job job_7 at acme was left running"


class TestReport:
    @FLAVOURS
    def test_progress_reaches_the_callback(self, make_image, flavour, png):
        def act(prepared):
            for percent in (10.0, 90.0):
                prepared.report(progress=percent, message=f"{percent:g} %")
            return ImageAnswer([ImageOutput(content=png)])

        received = []
        with register_plugin(Plugin(act, flavour)):
            make_image(config(), WISH, on_progress=received.append)
        assert [(update.status, update.progress, update.message) for update in received] == [
            ("submitting", None, None),
            ("in_progress", 10.0, "10 %"),
            ("in_progress", 90.0, "90 %"),
            ("completed", None, None),
        ]

    def test_the_place_in_a_queue_reaches_the_callback(self, make_image, png):
        def act(prepared):
            prepared.report(queue_position=4)
            return ImageAnswer([ImageOutput(content=png)])

        received = []
        with register_plugin(Plugin(act)):
            make_image(config(), WISH, on_progress=received.append)
        assert [update.queue_position for update in received] == [None, 4, None]

    def test_an_async_callback_hears_it(self, png):
        def act(prepared):
            prepared.report(progress=50.0)
            return ImageAnswer([ImageOutput(content=png)])

        received = []

        async def listen(update):
            await asyncio.sleep(0)
            received.append(update.progress)

        with register_plugin(Plugin(act)):
            generate_image(config(), WISH, on_progress=listen)
            asyncio.run(generate_image_async(config(), WISH, on_progress=listen))
        assert received.count(50.0) == 2

    def test_without_a_callback_it_is_nothing(self, make_image, png):
        def act(prepared):
            prepared.report(progress=50.0)
            return ImageAnswer([ImageOutput(content=png)])

        with register_plugin(Plugin(act)):
            assert make_image(config(), WISH).images


class TestCancelled:
    def test_a_caller_that_leaves_is_noticed(self):
        begun, stopped = threading.Event(), threading.Event()

        def act(prepared):
            begun.set()
            while not prepared.cancelled:
                threading.Event().wait(0.005)
            stopped.set()
            raise RuntimeError

        async def leave():
            call = asyncio.create_task(generate_image_async(config(), WISH))
            await asyncio.to_thread(begun.wait, 30)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call

        with register_plugin(Plugin(act)):
            asyncio.run(leave())
            assert stopped.wait(60)

    def test_a_time_that_is_over_is_noticed(self, make_image):
        def act(prepared):
            while not prepared.cancelled:
                threading.Event().wait(0.005)
            raise RateLimitError("stopped")

        with register_plugin(Plugin(act)), pytest.raises(RateLimitError):
            make_image(config(timeout=0.05, max_retries=0), WISH)


class TestLocal:
    def test_what_went_wrong_is_told_and_cost_nothing(self, make_image):
        def act(prepared):
            raise RuntimeError("CUDA out of memory")

        with register_plugin(Plugin(act, local=True)), pytest.raises(GenerationFailedError) as caught:
            make_image(config(), WISH)
        assert str(caught.value) == "the local model failed: RuntimeError (CUDA out of memory)"
        assert (caught.value.billable, type(caught.value.__cause__)) == ("no", RuntimeError)

    def test_the_next_config_is_tried(self, make_image, png):
        def act(prepared):
            if prepared.model == "large":
                raise RuntimeError("CUDA out of memory")
            return ImageAnswer([ImageOutput(content=png)])

        with register_plugin(Plugin(act, local=True)):
            response = make_image(config(model="large", fallback_configs=[config(model="small")]), WISH)
        assert [attempt.outcome for attempt in response.attempts] == ["failed", "succeeded"]
        assert response.attempts[0].error == (
            "GenerationFailedError: the local model failed: RuntimeError (CUDA out of memory)"
        )

    def test_an_image_that_is_none_cost_nothing(self, make_image):
        plugin = Plugin(lambda prepared: ImageAnswer([ImageOutput(content=b"x")]), local=True)
        with register_plugin(plugin), pytest.raises(InvalidResponseError) as caught:
            make_image(config(), WISH)
        assert caught.value.billable == "no"

    @pytest.mark.parametrize("field", ["api_key", "base_url"])
    def test_a_key_or_an_address_is_refused(self, make_image, field):
        with register_plugin(Plugin(None, local=True)), pytest.raises(ConfigurationError) as caught:
            make_image(config(**{field: "https://x.test"}), WISH)
        assert str(caught.value) == (f"acme works on this machine and sends nothing: leave {field} out of its config")

    def test_it_needs_no_endpoint(self, png, tmp_path):
        class Painter(Provider):
            def generate_image(self, prepared, *, timeout):
                return ImageAnswer([ImageOutput(content=png, seed=5)])

        plugin = Plugin(None, local=True)
        plugin.tarash_create_provider = hookimpl(lambda config: Painter())
        with register_plugin(plugin):
            (image,) = generate_image(config(), WISH).images
        assert image.seed == 5
        image.save(tmp_path / "a.png", sidecar=True)
        assert '"seed": 5' in (tmp_path / "a.png.json").read_text()


class TestForeignTexts:
    def test_keys_prompts_and_data_are_masked(self, make_image):
        key, data = "sk-0123456789abcdef0123456789", "QUJD" * 40

        def act(prepared):
            raise ValueError(f"bad request for {prepared.request.prompt!r} with {key}: {data}")

        with register_plugin(Plugin(act)), pytest.raises(PluginError) as caught:
            make_image(config(api_key=key), WISH)
        text = str(caught.value)
        assert text.startswith("Acme.generate_image raised ValueError (bad request for '[prompt]' with [key]: [data])")
        assert "This is a defect of the plugin" in text
