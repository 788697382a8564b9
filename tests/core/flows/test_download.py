"""A download goes into memory or into a file; either is whole or not there."""

import os
import subprocess
import sys
import textwrap

import pytest

from tarash.tarash_gateway.errors import DownloadError, MediaTooLargeError, SaveError
from tarash.tarash_gateway.flows.download import FileSink, MemorySink
from tarash.tarash_gateway.media.structure import BrokenMediaError


@pytest.fixture(params=["memory", "file"])
def sink(request, tmp_path):
    made = MemorySink() if request.param == "memory" else FileSink(tmp_path / "a.mp4", "error")
    made.open()
    yield made
    made.close()
    assert [name for name in os.listdir(tmp_path) if name != "a.mp4"] == []


def test_a_clip_in_pieces_is_whole_at_the_end(sink, clip):
    sink.begin(length=len(clip), content_type="video/mp4")
    for at in range(0, len(clip), 100):
        sink.write(clip[at : at + 100])
    sink.check_whole()
    media = sink.media()
    assert (media.content, media.content_type, media.duration_seconds) == (clip, "video/mp4", 1.0)
    assert (sink.offset, sink.content_type) == (len(clip), "video/mp4")


def test_a_cut_download_is_told_and_continued(sink, clip):
    sink.begin(length=len(clip))
    sink.write(clip[:1000])
    with pytest.raises(DownloadError) as caught:
        sink.check_whole()
    assert str(caught.value) == f"the download was cut: 1,000 of {len(clip):,} bytes came"
    assert caught.value.retryable
    sink.begin(length=len(clip) - 1000, resumed=True)
    sink.write(clip[1000:])
    sink.check_whole()
    assert sink.media().content == clip


def test_an_answer_that_begins_anew_replaces_what_came(sink, clip):
    sink.begin(length=None)
    sink.write(clip[:1000])
    sink.begin(length=len(clip))
    assert sink.offset == 0
    sink.write(clip)
    sink.check_whole()
    assert sink.media().content == clip


def test_an_unknown_length_is_no_cut(sink, clip):
    sink.begin(length=None)
    sink.write(clip)
    sink.check_whole()
    assert sink.media().content == clip


def test_half_a_clip_is_none_and_can_be_fetched_anew(sink, clip):
    sink.begin(length=None)
    sink.write(clip[:-10])
    with pytest.raises(BrokenMediaError):
        sink.media()
    sink.restart()
    sink.begin(length=len(clip))
    sink.write(clip)
    assert sink.media().content == clip


@pytest.mark.parametrize("make", [lambda path: MemorySink(limit=10), lambda path: FileSink(path, "error", limit=10)])
def test_a_download_above_the_limit_is_stopped(make, tmp_path):
    sink = make(tmp_path / "a.mp4")
    sink.open()
    sink.write(b"0123456789")
    with pytest.raises(MediaTooLargeError) as caught:
        sink.write(b"x")
    assert str(caught.value) == "the download has more than 10 bytes; it was stopped"
    sink.close()
    assert os.listdir(tmp_path) == []


def test_a_file_appears_only_when_it_was_found_whole(tmp_path, clip):
    sink = FileSink(tmp_path / "a.mp4", "error")
    sink.open()
    sink.write(clip)
    assert not (tmp_path / "a.mp4").exists()
    media = sink.media()
    assert os.listdir(tmp_path) == ["a.mp4"]
    assert (media.path, media.data) == (tmp_path / "a.mp4", None)
    sink.close()
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_sink_that_is_closed_early_leaves_nothing(tmp_path):
    sink = FileSink(tmp_path / "a.mp4", "error")
    sink.open()
    sink.write(b"half")
    sink.close()
    sink.close()
    assert os.listdir(tmp_path) == []


def test_a_missing_folder_is_told_before_a_byte_comes(tmp_path):
    with pytest.raises(SaveError, match="cannot be written: No such file or directory"):
        FileSink(tmp_path / "gone" / "a.mp4", "error").open()


def test_an_existing_file_is_replaced_when_the_caller_says_so(tmp_path, clip):
    (tmp_path / "a.mp4").write_bytes(b"old")
    sink = FileSink(tmp_path / "a.mp4", "replace")
    sink.open()
    sink.write(clip)
    assert sink.media().content == clip


def test_a_file_that_appeared_in_the_meantime_is_kept(tmp_path, clip):
    sink = FileSink(tmp_path / "a.mp4", "error")
    sink.open()
    sink.write(clip)
    (tmp_path / "a.mp4").write_bytes(b"somebody else's")
    with pytest.raises(SaveError, match="is already there"):
        sink.media()
    sink.close()
    assert (tmp_path / "a.mp4").read_bytes() == b"somebody else's"
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_file_that_is_kept_with_skip_can_be_read(tmp_path, clip, other_clip):
    (tmp_path / "a.mp4").write_bytes(other_clip)
    sink = FileSink(tmp_path / "a.mp4", "skip")
    sink.open()
    sink.write(clip)
    assert sink.media().content == other_clip
    assert os.listdir(tmp_path) == ["a.mp4"]


def test_a_file_that_is_kept_with_skip_is_not_held_for_a_broken_download(tmp_path, clip):
    (tmp_path / "a.mp4").write_bytes(b"no clip at all")
    sink = FileSink(tmp_path / "a.mp4", "skip")
    sink.open()
    sink.write(clip)
    try:
        sink.media()
    except BrokenMediaError:
        pytest.fail("the download was whole; what is broken is the caller's own file")
    except (DownloadError, SaveError):
        pass
    assert (tmp_path / "a.mp4").read_bytes() == b"no clip at all"


@pytest.mark.parametrize("step", [100, 100_000], ids=["found at the flush", "found at the write"])
def test_a_disk_that_is_full_is_an_error_of_ours_and_leaves_nothing(step, tmp_path, clip):
    (tmp_path / "source").write_bytes(clip)
    (tmp_path / "empty").mkdir()
    script = f"""
        import os, resource
        from pathlib import Path
        from tarash.tarash_gateway.errors import SaveError
        from tarash.tarash_gateway.flows.download import FileSink

        clip = Path("source").read_bytes()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(clip) // 2, len(clip) // 2))
        sink = FileSink(Path("empty/a.mp4"), "error")
        sink.open()
        try:
            for at in range(0, len(clip), {step}):
                sink.write(clip[at : at + {step}])
            sink.media()
        except SaveError as error:
            assert error.errno, error
        else:
            raise AssertionError("nothing was raised")
        finally:
            sink.close()
        assert os.listdir("empty") == [], os.listdir("empty")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
