"""A vendor of your own for tests: a small real HTTP server on loopback, made of a few handlers."""
