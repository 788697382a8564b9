"""What an author may get wrong: a provider, a spec or a test class that differs from the right one in one thing."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field

import pytest
from acme_by_hand import AcmeProvider
from acme_films import SPEC
from acme_kit import AcmeKit

from tarash.tarash_gateway.plugins import hookimpl


class Plugin:
    """The plugin with another provider or another spec."""

    def __init__(self, make, spec):
        self.make, self.spec = make, spec.model_copy(update={"factory": "", "settings": None})

    @hookimpl
    def tarash_provider_specs(self):
        yield self.spec

    @hookimpl
    def tarash_create_provider(self, config):
        return self.make(config)


@dataclass
class Wrong:
    """One mistake, the check that must find it, and what the message must say."""

    check: str
    says: str
    make: object = AcmeProvider
    spec: object = SPEC
    case: dict = field(default_factory=dict)
    params: dict = field(default_factory=dict)
    base: type = AcmeKit

    def kit(self):
        """The test class of that author."""
        known = {"provider": "acme_films", "plugin": Plugin(self.make, self.spec), **self.case}
        return type("Wrong", (self.base,), known)

    def message(self):
        """What the check says; None where it finds nothing."""
        case = self.kit()()
        ends = []
        try:
            with pytest.MonkeyPatch.context() as patch, case.on_stage(ends.append):
                check = getattr(case, self.check)
                known = {"calls": case.calls_of(self.params.get("flavour", "async")), "kind": "image", **self.params}
                known["monkeypatch"] = patch
                wanted = inspect.signature(check).parameters
                check(**{name: value for name, value in known.items() if name in wanted})
        except pytest.fail.Exception as failed:
            return str(failed)
        finally:
            for end in ends:
                end()
        return None

    def assert_told(self):
        """The check finds it, and its message teaches."""
        message = self.message()
        assert message is not None, "the check found nothing"
        assert self.says in message, message
        assert all(part in message for part in ("Contract: ", "What to do: ", 'Read: docs/conformance.md, "')), message
