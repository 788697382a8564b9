"""The commands of `tarash`; each module is imported when its command is used."""
