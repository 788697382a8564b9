"""What `tarash plugin new` writes: a small distribution with one provider, which passes the conformance kit at once."""

from tarash_gateway_cli.scaffold.names import Names, NotANameError
from tarash_gateway_cli.scaffold.writing import Kind, rendered, write_plugin

__all__ = ["Kind", "Names", "NotANameError", "rendered", "write_plugin"]
