"""The whole kit."""

from __future__ import annotations

import pytest

from tarash_gateway_testing.checks.answers import AnswerChecks
from tarash_gateway_testing.checks.catalogue import CatalogueChecks
from tarash_gateway_testing.checks.deadlines import DeadlineChecks
from tarash_gateway_testing.checks.downloads import DownloadChecks
from tarash_gateway_testing.checks.errors import ErrorChecks
from tarash_gateway_testing.checks.image_jobs import ImageJobChecks
from tarash_gateway_testing.checks.imports import LoadingChecks
from tarash_gateway_testing.checks.jobs import JobChecks
from tarash_gateway_testing.checks.local import LocalChecks
from tarash_gateway_testing.checks.loops import LoopChecks
from tarash_gateway_testing.checks.money import MoneyChecks
from tarash_gateway_testing.checks.origins import OriginChecks
from tarash_gateway_testing.checks.rows import RowChecks
from tarash_gateway_testing.checks.secrets import SecretChecks
from tarash_gateway_testing.checks.settings import SettingChecks
from tarash_gateway_testing.checks.streams import StreamChecks

__all__ = ["LocalConformance", "ProviderConformance"]


# A retired model is served by the fake vendor all the same.
@pytest.mark.filterwarnings("ignore::tarash.tarash_gateway.ModelLifecycleWarning")
class ProviderConformance(
    LoadingChecks,
    RowChecks,
    CatalogueChecks,
    MoneyChecks,
    ErrorChecks,
    SecretChecks,
    OriginChecks,
    SettingChecks,
    AnswerChecks,
    StreamChecks,
    JobChecks,
    ImageJobChecks,
    DownloadChecks,
    DeadlineChecks,
    LoopChecks,
):
    """Every check that a provider plugin must pass. Inherit from it, fill in `provider`, and mark the handlers.

    Example:
        ```python
        class TestAcme(ProviderConformance):
            provider = "acme"
            base_path = "/v2"

            @answers("image", "POST /images")
            def image(self, request):
                return {"image": base64.b64encode(request.image()).decode()}
        ```
    """


class LocalConformance(LoadingChecks, LocalChecks):
    """Every check for a model on this machine (`ProviderSpec(local=True)`). Inherit from it and fill in `provider`.

    Example:
        ```python
        class TestPainter(LocalConformance):
            provider = "painter"
        ```
    """
