"""A batch on many machines in virtual time: the library's own flows, and a model of the vendors that they talk to."""
