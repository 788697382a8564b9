"""Notebooks are run by a real kernel, whose calls go to the sandbox."""

import textwrap

import pytest


@pytest.fixture
def run_notebook(tarash_sandbox, tmp_path, monkeypatch):
    """Runs cells one after the other in a fresh kernel, and gives each one's outputs."""
    nbclient = pytest.importorskip("nbclient", reason="it runs the notebook; it is in the dev group")
    nbformat = pytest.importorskip("nbformat", reason="nbclient brings it")
    pytest.importorskip("ipykernel", reason="it is the notebook's kernel; it is in the dev group")
    monkeypatch.setenv("OPENAI_BASE_URL", tarash_sandbox.url)
    monkeypatch.setenv("OPENAI_API_KEY", tarash_sandbox.api_key)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))

    def run(*cells):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(textwrap.dedent(cell)) for cell in cells])
        client = nbclient.NotebookClient(
            book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
        return [cell.outputs for cell in book.cells]

    return run
