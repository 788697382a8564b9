"""What `tarash plugin new` writes: a small distribution with one provider, which passes the conformance kit at once."""

from tarash_gateway_cli.scaffold.distribution import Design, Kind, rendered, write_plugin
from tarash_gateway_cli.scaffold.names import Names, NotANameError

__all__ = ["Design", "Kind", "Names", "NotANameError", "rendered", "write_plugin"]
