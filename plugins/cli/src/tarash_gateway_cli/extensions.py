"""The commands of plugins. Their names come from installed metadata; a plugin is imported when its command is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from tarash.tarash_gateway.plugins import COMMANDS, InstalledPlugin, discover, normalize_name

if TYPE_CHECKING:
    from cyclopts import Group

    from tarash.tarash_gateway.plugins import Plugin


def add_commands(app: App, group: Group) -> None:
    """Adds the commands of plugins to `app`, except names that `app` has already."""
    for name, claims in _claimed().items():
        if name not in app:
            summary = claims[0].summary or f"From {claims[0].origin}."
            # cyclopts imports this path when the command is used, and then calls `__getattr__` below.
            app.command(f"{__name__}:{name}", name=name, help=summary, group=group)


def __getattr__(name: str) -> App:
    """Returns the command that a plugin adds under `name`; that of a broken plugin raises what is wrong."""
    claims = _claimed().get(name)
    if claims is None:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from tarash.tarash_gateway.plugins import Plugin  # noqa: PLC0415 # when a plugin's command is used

    plugin = Plugin.installed(claims[0])
    if len(claims) > 1:
        origins = ", ".join(sorted(found.origin for found in claims))
        plugin.error = plugin.broken(f"is not the only one with that command: {origins}")
    return _command_of(plugin)


def _command_of(plugin: Plugin) -> App:
    plugin.load()
    cli = App(name="tarash", help_format="plaintext")
    if plugin.error is None:
        try:
            plugin.manager.hook.tarash_register_commands(cli=cli)  # type: ignore[union-attr] # loaded without an error
        except (Exception, SystemExit) as error:  # noqa: BLE001 # a broken plugin harms no other
            plugin.error = plugin.broken(f"failed while it added its command: {type(error).__name__}: {error}")
            plugin.error.__cause__ = error
        else:
            if plugin.name in cli:
                return cli[plugin.name]
            plugin.error = plugin.broken(f"added no command {plugin.name!r}")
    return _broken(plugin)


def _broken(plugin: Plugin) -> App:
    """Returns a command that raises what is wrong with the plugin."""
    app = App(name=plugin.name, help_format="plaintext")

    @app.default
    def broken(*_tokens: Annotated[str, Parameter(allow_leading_hyphen=True)]) -> None:
        assert plugin.error is not None  # noqa: S101 # the caller checked it
        raise plugin.error

    return app


def _claimed() -> dict[str, list[InstalledPlugin]]:
    """Returns the names of commands, each with the entry points that claim it."""
    claimed: dict[str, list[InstalledPlugin]] = {}
    for found in discover(COMMANDS):
        if not found.disabled:
            claimed.setdefault(normalize_name(found.name), []).append(found)
    return {claims[0].name: claims for claims in claimed.values()}
