"""Tab completion for bash, zsh and fish: the commands, their options, and names that only this machine knows."""

import shutil
import subprocess
import sys

import pytest

PLACES = {
    "bash": ".local/share/bash-completion/completions/tarash",
    "zsh": ".zsh/completions/_cyclopts_tarash",
    "fish": ".config/fish/completions/tarash.fish",
}


@pytest.mark.parametrize("shell", PLACES)
def test_it_is_installed_for_the_shell(started, tmp_path, shell):
    home = tmp_path / "home"
    home.mkdir()
    done = started("--install-completion", "--shell", shell)
    assert (done.code, done.out) == (0, f"{home / PLACES[shell]}\n"), done.err
    script = (home / PLACES[shell]).read_text()
    for word in ("image", "video", "jobs", "sandbox", "aspect", "max-cost"):
        assert word in script


@pytest.mark.parametrize("shell", PLACES)
def test_the_script_is_one_that_the_shell_takes(started, tmp_path, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed: apt install {shell}")
    (tmp_path / "home").mkdir()
    started("--install-completion", "--shell", shell)
    done = subprocess.run([shell, "-n", tmp_path / "home" / PLACES[shell]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_script_for_another_place_changes_nothing_else(started, tmp_path):
    done = started("--install-completion", "--shell", "bash", "-o", tmp_path / "tarash.sh")
    assert done.code == 0, done.err
    assert (tmp_path / "tarash.sh").is_file()
    assert not (tmp_path / "home").exists()


def offered(started, *words):
    """What is offered where the last word is being typed."""
    done = started("__complete", *words)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    return dict(line.partition("\t")[::2] for line in lines[lines.index("\x1fbegin") + 1 :])


def test_providers_are_offered(started):
    assert {"openai", "azure_openai", "sandbox"} <= set(offered(started, "image", "A harbour", "--provider", ""))


def test_models_of_the_named_provider_are_offered_with_their_life(started):
    models = offered(started, "image", "A harbour", "-p", "openai", "--model", "")
    assert models["gpt-image-2"] == "current"
    assert models["dall-e-3"] == "retired"


def test_jobs_of_the_journal_are_offered_with_their_prompts(started, tmp_path):
    from tarash.tarash_gateway.journal import Journal

    journal = Journal(tmp_path / "journal")
    journal.write("job", job={"provider": "openai", "model": "sora-2", "id": "video_1", "endpoint": "https://a.example/v1",
                              "asked": {"prompt": "A paper boat"}})  # fmt: skip
    journal.close()
    assert offered(started, "jobs", "resume", "") == {"video_1": "A paper boat"}


def test_faults_are_offered(started):
    assert "rate_limited" in offered(started, "sandbox", "serve", "--fault", "")


def test_in_bash_it_completes(started, tmp_path):
    """The script as bash runs it when Tab is pressed after `tarash image x -p `."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed: apt install bash")
    (tmp_path / "home").mkdir()
    started("--install-completion", "--shell", "bash")
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "tarash").write_text(f'#!/bin/sh\nexec {sys.executable} -m tarash_gateway_cli "$@"\n')
    (bin_folder / "tarash").chmod(0o755)
    script = f"""
export PATH={bin_folder}:$PATH
source {tmp_path / "home" / PLACES["bash"]}
COMP_WORDS=(tarash image x -p "azu"); COMP_CWORD=4; COMP_LINE="tarash image x -p azu"; COMP_POINT=${{#COMP_LINE}}
$(complete -p tarash | sed -E 's/.*-F ([^ ]+).*/\\1/') tarash azu -p
echo "${{COMPREPLY[@]}}"
"""
    done = started("-c", script, command=["bash"])
    assert done.out.split() == ["azure_openai"], done.err
