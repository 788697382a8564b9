"""The stage that checks run on: what those of one test class share, and what each of them finds as new."""

from __future__ import annotations

import asyncio
import importlib
import os
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pytest

from tarash.tarash_gateway.errors import TarashError
from tarash.tarash_gateway.flows.context import use_retry_policy
from tarash.tarash_gateway.plugins import registry
from tarash_gateway_testing.fake.handlers import Handler
from tarash_gateway_testing.fake.vendor import FakeVendor, Vendor

__all__ = ["Harness"]


class TestClass(Protocol):
    """What an author's test class says of the plugin."""

    @property
    def plugin(self) -> Any:
        """The plugin, where it is not installed."""

    @property
    def provider(self) -> str:
        """The provider's name."""

    def open_vendor(self) -> AbstractContextManager[Vendor]:
        """Returns the vendor that plays along."""

    def handlers(self) -> list[Handler]:
        """Returns the functions of the fake vendor."""


class Harness:
    """What the checks of one test class share: servers and an event loop, so that clients may be kept.

    Args:
        case: one instance of the test class.
    """

    def __init__(self, case: TestClass) -> None:
        self._stack = ExitStack()
        self.load_error: str | None = None
        """Why the plugin cannot be loaded."""

        self.load_error_shown = False
        try:
            if case.plugin is not None:
                plugin = importlib.import_module(case.plugin) if isinstance(case.plugin, str) else case.plugin
                self._stack.enter_context(registry.register(plugin, replace=True))
            registry.spec(case.provider)
        except (Exception, SystemExit) as error:  # noqa: BLE001 # whatever an import of a stranger's module raises
            self.load_error = f"{type(error).__name__}: {error}"
        self.vendor = self._stack.enter_context(case.open_vendor())
        self.elsewhere = self._stack.enter_context(FakeVendor())
        self.loop = self._stack.enter_context(asyncio.Runner())
        self._cache = Path(self._stack.enter_context(TemporaryDirectory()))

    def close(self) -> None:
        """Ends it."""
        self._stack.close()

    @contextmanager
    def for_one_check(self, case: TestClass) -> Iterator[None]:
        """Yields the vendor is as new, nothing of this machine comes into play, and nobody waits for long."""
        if isinstance(self.vendor, FakeVendor):
            self.vendor.start_over(case.handlers())
        else:
            self.vendor.clear()
        self.elsewhere.start_over(())
        with pytest.MonkeyPatch.context() as patch:
            self._hide_the_environment(patch, case.provider)
            # A check is about what is sent, not about how long the gateway's patience is.
            with use_retry_policy(first_delay=0.01, lookup_pauses=(0.01, 0.05)):
                yield

    def _hide_the_environment(self, patch: pytest.MonkeyPatch, provider: str) -> None:
        """No real key, no proxy, no journal, and no rows that were fetched live."""
        try:
            variables = registry.spec(provider).key_variables
        except TarashError:
            variables = ()
        for name in [name for name in os.environ if name.startswith("TARASH_") or name in variables]:
            patch.delenv(name)
        for name in ("NO_PROXY", "no_proxy"):
            patch.setenv(name, "127.0.0.1,localhost")
        patch.setenv("TARASH_CACHE", str(self._cache / uuid.uuid4().hex))
