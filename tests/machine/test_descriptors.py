"""A limit on open files: the concurrency fits it, what is paid for is saved, and nothing is sent without room."""

import json
import os
import re

import pytest

from tarash.tarash_gateway.descriptors import DescriptorReserve, descriptors_for_saving, lacks_descriptors
from tarash.tarash_gateway.errors import SaveError
from tarash.tarash_gateway.models import Media
from tarash.tarash_gateway.models.rescue import save_paid

resource = pytest.importorskip("resource")
TARASH = ("-m", "tarash_gateway_cli")


@pytest.fixture
def limited(environment, warm_python):
    """Runs `python *words` with a limit on its open files."""
    return lambda files, *words: warm_python.run(words, env=environment, limits={"RLIMIT_NOFILE": files})


def rows(folder, count, **fields):
    lines = ({"id": f"row-{at}", "prompt": f"row-{at}", "size": "256x256", **fields} for at in range(count))
    (folder / "rows.jsonl").write_text("\n".join(json.dumps({"model": "dall-e-2", **line}) for line in lines))


@pytest.mark.parametrize("files", [64, pytest.param(48, marks=pytest.mark.slow)])
def test_a_batch_fits_its_concurrency_into_the_limit(limited, folder, paid, files):
    rows(folder, 60)
    done = limited(files, *TARASH, "batch", "rows.jsonl", "-o", "out", "-j", "100")
    assert done.returncode == 0, done.stderr
    assert len(paid()) == len(list(folder.rglob("row-*.png"))) == 60
    (reported,) = [line for line in done.stderr.splitlines() if "at the same time" in line]
    assert re.fullmatch(
        r"warning: \d+ rows? at the same time instead of 100: this process may open \d+ more files and connections. "
        r"A higher limit takes more, such as ulimit -n 512.",
        reported,
    )


def test_a_batch_without_room_for_one_row_sends_nothing(limited, folder, paid):
    rows(folder, 3)
    done = limited(28, *TARASH, "batch", "rows.jsonl", "-o", "out")
    assert (done.returncode, paid()) == (4, [])
    assert re.search(
        r"error: this process may open \d+ more files and connections, and a batch needs 27. Raise the limit, as with "
        r"ulimit -n 1024. Nothing was sent.",
        done.stderr,
    )


def test_a_wide_limit_is_not_told_of(tarash, folder, paid):
    rows(folder, 2)
    done = tarash("batch", "rows.jsonl", "-o", "out")
    assert (done.code, len(paid())) == (0, 2)
    assert "at the same time" not in done.err


USED_UP = """
import os, resource, sys
from tarash.tarash_gateway import run_batch
from tarash.tarash_gateway.models import ImageGenerationConfig

taken = []

def take(progress_or_outcome):
    \"\"\"Another part of the process opens whatever it can.\"\"\"
    try:
        while True:
            taken.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        pass

config = ImageGenerationConfig(provider="openai", model="dall-e-2")
result = run_batch("rows.jsonl", "out", configs=config, concurrency=4, on_row=take)
for each in taken:
    os.close(each)
print(result.done, result.unconfirmed, sum(bool(row.urls) for row in result.failures), result.stopped)
"""


def test_nothing_more_is_sent_when_none_are_left(limited, folder, paid):
    """What was on its way is in its file, by the descriptors that are kept for that, or its address is named."""
    rows(folder, 40)
    done = limited(80, "-c", USED_UP)
    assert done.returncode == 0, done.stderr
    made, unconfirmed, named, why = done.stdout.split(maxsplit=3)
    assert "no more files and connections can be opened: ulimit -n raises their number" in why
    assert int(made) == len(list(folder.rglob("row-*.png")))
    assert int(made) + int(named) == len(paid()) < 40
    assert unconfirmed == named


@pytest.fixture
def media(png, tmp_path):
    """A paid image. What a save imports is there, as it is after a call."""
    paid = Media.from_bytes(png)
    save_paid(paid, tmp_path / "before.png", "error")
    return paid


@pytest.fixture
def none_left(media):
    """Takes every descriptor of this process, with a few that are kept for saving."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = []
    with DescriptorReserve():
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, os.listdir("/dev/fd"))) + 2, before[1]))
            with pytest.raises(OSError, match="Too many open files"):
                while True:
                    taken.append(os.open(os.devnull, os.O_RDONLY))
            yield
        finally:
            for each in taken:
                os.close(each)
            resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_is_paid_for_is_saved_with_what_was_kept(tmp_path, media, none_left):
    path, problem = save_paid(media, tmp_path / "a.png", "error")
    reported = f"{tmp_path / 'a.png'} was written with the last of the files that may be open at the same time."
    assert (path, str(problem), lacks_descriptors(problem)) == (tmp_path / "a.png", reported, True)
    assert ((tmp_path / "a.png").is_file(), (tmp_path / "a.png.json").is_file()) == (True, True)


def test_without_a_reserve_it_is_told(tmp_path, media, none_left, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("tarash.tarash_gateway.descriptors._reserves", [])
        with pytest.raises(SaveError, match="Too many open files") as raised:
            save_paid(media, tmp_path / "a.png", "error")
        assert str(raised.value).endswith(" The image is paid for, and could not be saved anywhere.")
        assert lacks_descriptors(raised.value)
        with descriptors_for_saving(), pytest.raises(OSError, match="Too many open files"):
            (tmp_path / "b").open("w")
