"""`python -m tarash.tarash_gateway.cli` is `tarash`."""

from tarash.tarash_gateway.cli import main

main()
