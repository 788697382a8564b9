"""The Dockerfile and the Kubernetes job of the page on containers, as far as they can be checked without a cluster."""

import json
import re
import signal
import sys
import time
from pathlib import Path

import pytest
import yaml

PAGE = Path(__file__).parents[2] / "docs" / "scale" / "containers.md"
TARASH = Path(sys.executable).with_name("tarash")


def block(language):
    return re.search(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)[1]


@pytest.fixture(scope="module")
def dockerfile():
    """The instructions by name, each with its words."""
    lines = (line for line in block("dockerfile").splitlines() if line and not line.startswith("#"))
    return {name: rest for name, _, rest in (line.partition(" ") for line in lines)}


@pytest.fixture(scope="module")
def job():
    found, _ = yaml.safe_load_all(block("yaml"))
    return found["spec"]


@pytest.fixture(scope="module")
def container(job):
    (found,) = job["template"]["spec"]["containers"]
    return found


def test_the_command_gets_the_signal_itself(dockerfile):
    """The form of a list has no shell around it."""
    assert json.loads(dockerfile["ENTRYPOINT"]) == ["tarash"]
    assert json.loads(dockerfile["CMD"])[0] == "batch"


def test_the_pod_has_longer_than_a_request(job, container):
    timeout = float(container["args"][container["args"].index("--timeout") + 1])
    assert job["template"]["spec"]["terminationGracePeriodSeconds"] >= timeout + 30


def test_the_files_and_the_journal_outlive_the_pod(job, container):
    claims = {volume["name"] for volume in job["template"]["spec"]["volumes"] if "persistentVolumeClaim" in volume}
    kept = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] in claims]
    assert container["args"][container["args"].index("-o") + 1].startswith(f"{kept[0]}/")
    assert "--journal" not in container["args"]


def test_one_pod_at_a_time_works_on_the_folder(job):
    assert (job["parallelism"], job["completions"], job["podReplacementPolicy"]) == (1, 1, "Failed")


def test_exit_codes_go_on_or_stop_as_they_are_meant(job):
    from tarash_gateway_batch.command.work import SOME_FAILED, UNCONFIRMED
    from tarash_gateway_cli.exit_codes import TERMINATED, USAGE

    rules = {rule["action"]: rule for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule}
    assert rules["Ignore"]["onExitCodes"]["values"] == [TERMINATED]
    assert rules["FailJob"]["onExitCodes"]["values"] == [USAGE, UNCONFIRMED, SOME_FAILED]
    assert job["template"]["spec"]["restartPolicy"] == "Never", "a failure policy needs it"


NAMELESS = """
import pwd, sys

def nobody(uid):
    raise KeyError(f"getpwuid(): uid not found: {uid}")

pwd.getpwuid = nobody
from tarash_gateway_cli import main
main()
"""


def test_a_rollout_loses_nothing(environment, warm_python, tarash_sandbox, folder, paid, dockerfile, container):
    """The job's command, as the user of the image, is stopped by SIGTERM and run again."""
    (folder / "rows").mkdir()
    (folder / "work").mkdir()
    rows = [{"id": f"row-{at}", "prompt": f"row-{at}", "model": "dall-e-2", "size": "256x256"} for at in range(12)]
    (folder / "rows" / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    words = [re.sub(r"^/(rows|work)/", rf"{folder}/\1/", word) for word in container["args"]]
    words[words.index("-j") + 1] = "3"
    settings = dict(setting.split("=") for setting in dockerfile["ENV"].split())
    environment |= {name: re.sub(r"^/(work|tmp)/", rf"{folder}/work/", place) for name, place in settings.items()}
    environment["OPENAI_API_KEY"] += "\n"  # as of a secret that was made from a file
    del environment["HOME"]

    def start():
        return warm_python.open(["-c", NAMELESS, *words], env=environment)

    tarash_sandbox.fail("slow_first_byte", times=None)
    pod = start()
    while len(tarash_sandbox.requests) < 3:
        assert pod.poll() is None, pod.communicate()[1]
        time.sleep(0.005)
    pod.send_signal(signal.SIGTERM)
    pod.communicate(timeout=90)
    assert pod.returncode == 143
    before = paid()
    assert 3 <= len(before) < 12
    assert sorted(path.stem for path in folder.rglob("*.png")) == before

    tarash_sandbox.clear()
    pod = start()
    pod.communicate(timeout=90)
    assert pod.returncode == 0
    assert sorted(before + paid()) == sorted(path.stem for path in folder.rglob("*.png"))
    assert len(before + paid()) == 12
