"""What the attacks share: a journal that somebody else wrote, and commands that are typed beside it."""

from __future__ import annotations

import pytest

from tarash.tarash_gateway import Journal


@pytest.fixture
def journal(tmp_path, monkeypatch):
    """The journal of the commands that are typed."""
    place = tmp_path / "journal"
    monkeypatch.setenv("TARASH_JOURNAL", str(place))
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    return Journal(place)


@pytest.fixture
def typed(journal, capsys):
    """Runs a command in this process; gives its code, stdout and stderr."""
    from tarash_gateway_cli.app import run

    def typed(*words):
        capsys.readouterr()
        code = run([str(word) for word in words])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return typed
