"""A plugin of a stranger, async only and unlike OpenAI, passes the kit."""

from acme_kit import AcmeKit


class TestAcme(AcmeKit):
    provider = "acme_films"
    plugin = "acme_films"
