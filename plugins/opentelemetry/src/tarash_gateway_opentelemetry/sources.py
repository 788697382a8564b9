"""Where spans and figures go: to the providers that the application gave, or has set for its process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tarash_gateway_opentelemetry.instruments import Instruments, instruments_of

if TYPE_CHECKING:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Tracer, TracerProvider

SCOPE = "tarash_gateway_opentelemetry"
"""The name of the tracer and of the meter."""

SCHEMA = "https://opentelemetry.io/schemas/1.41.0"
"""The version of the conventions: the last one in which the GenAI part was numbered with all others."""


class Sources:
    """The tracer and the instruments of this moment; an application may set its providers late."""

    def __init__(self, tracer_provider: TracerProvider | None, meter_provider: MeterProvider | None) -> None:
        self._tracer_provider = tracer_provider
        self._meter_provider = meter_provider
        self._tracer: tuple[Any, Tracer | None] = (None, None)
        self._instruments: tuple[Any, Instruments | None] = (None, None)

    def tracer(self) -> Tracer | None:
        """Returns what begins spans; None where the application traces nothing."""
        provider = self._tracer_provider
        if provider is None:
            provider = _set_for_the_process("trace", "get_tracer_provider")
        if provider is not self._tracer[0]:
            tracer = None if provider is None else provider.get_tracer(SCOPE, _version(), schema_url=SCHEMA)
            self._tracer = (provider, tracer)
        return self._tracer[1]

    def instruments(self) -> Instruments | None:
        """Returns what measures; None where the application measures nothing."""
        provider = self._meter_provider
        if provider is None:
            provider = _set_for_the_process("metrics", "get_meter_provider")
        if provider is not self._instruments[0]:
            meter = None if provider is None else provider.get_meter(SCOPE, _version(), schema_url=SCHEMA)
            self._instruments = (provider, None if meter is None else instruments_of(meter))
        return self._instruments[1]


def _set_for_the_process(signal: str, getter: str) -> Any:
    """Finds the provider that the application has set; none where it has imported no OpenTelemetry."""
    module = f"opentelemetry.{signal}"
    get = getattr(sys.modules.get(module), getter, None)
    provider = None if get is None else get()
    # The API's own providers stand in for one that is not set, and do nothing.
    return None if type(provider).__module__.startswith(module) else provider


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 # once, where telemetry is wanted

    return version("tarash-gateway-opentelemetry")
