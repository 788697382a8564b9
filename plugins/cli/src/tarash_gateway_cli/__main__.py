"""`python -m tarash_gateway_cli` is `tarash`."""

from tarash_gateway_cli import main

main()
