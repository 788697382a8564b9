"""A plugin that does at import what belongs into a call."""

import os
import socket
from pathlib import Path

import acme_films
import httpx2

_ = httpx2.__name__
REGION = os.environ.get("ACME_REGION", "north")
LICENSE = Path(acme_films.__file__).with_name("licence.txt")

if not LICENSE.exists():
    LICENSE = Path(os.devnull)
LICENSE.read_text()

with socket.socket() as probe:
    probe.connect_ex(("127.0.0.1", 9))


@acme_films.hookimpl
def tarash_provider_specs():
    yield acme_films.SPEC
