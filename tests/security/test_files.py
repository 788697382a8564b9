"""What an attacker tries with files: name one in JSON that is sent on, or in a response, or put a trap in its place."""

import hashlib
import io
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from tarash.tarash_gateway import check_request, generate_image, generate_video, run_batch
from tarash.tarash_gateway.errors import DownloadError, ValidationError
from tarash.tarash_gateway.models import (
    ImageGenerationConfig,
    ImageGenerationRequest,
    ImageGenerationResponse,
    ImageType,
    Media,
    VideoGenerationConfig,
    VideoGenerationRequest,
)

IMAGES = ImageGenerationConfig(provider="sandbox", model="gpt-image-2")
VIDEOS = VideoGenerationConfig(provider="sandbox", model="sora-2")
REFUSED = "names a file: a request takes files as Path or Media objects only, never from a mapping or JSON"


@pytest.fixture
def secret(tmp_path, png):
    """A file that is none of the attacker's business, and an image for all that is looked at."""
    path = tmp_path / "secret.png"
    path.write_bytes(png)
    return path


def image_request(path):
    return {"prompt": "x", "image_list": [{"image": {"path": path, "content_type": "image/png"}}]}


REQUESTS = {
    "image": (ImageGenerationRequest, image_request),
    "wrapped": (ImageGenerationRequest, lambda path: {"prompt": "x", "image_list": [{"path": path}]}),
    "mask": (ImageGenerationRequest, lambda path: {"prompt": "x", "mask_image": {"image": {"path": path}}}),
    "first frame": (VideoGenerationRequest, image_request),
    "video": (VideoGenerationRequest, lambda path: {"prompt": "x", "operation": "edit", "video": {"path": path}}),
    "image alone": (ImageType, lambda path: {"image": {"path": path}}),
    "image with bytes": (ImageType, lambda path: {"image": {"path": path, "data": "AAAA"}}),
}


@pytest.mark.parametrize("read", ["JSON", "mapping"])
@pytest.mark.parametrize(("kind", "request_of"), REQUESTS.values(), ids=REQUESTS)
def test_a_request_takes_no_file_that_json_or_a_mapping_names(kind, request_of, read, secret, tmp_path):
    texts = set()
    for path in (secret, tmp_path / "not there.png", "/dev/zero", "/etc/passwd", "../secret.png"):
        value = request_of(str(path))
        with pytest.raises(ValidationError) as caught:
            kind.model_validate_json(json.dumps(value)) if read == "JSON" else kind.model_validate(value)
        texts.add(str(caught.value))
    (text,) = texts  # it tells nothing of the file, not even whether it is there
    assert ("unknown field" in text) or (REFUSED in text)
    assert "secret" not in text


@pytest.mark.parametrize("value", ["/etc/passwd", "~/.ssh/id_rsa", "file:///etc/passwd", "../secret.png"])
def test_a_text_is_never_the_name_of_a_file(value):
    request = ImageGenerationRequest.model_validate_json(json.dumps({"prompt": "x", "image_list": [value]}))
    (problem,) = check_request(IMAGES, request) if "://" not in value else [None]
    assert problem is None or problem.field == "image_list.0.image"
    video = VideoGenerationRequest.model_validate_json(json.dumps({"prompt": "x", "video": value})).video
    assert video == value  # the vendor's id of a job, whatever it looks like


@pytest.fixture(params=["FIFO", "device", "link to a device", "folder"])
def trap(request, tmp_path):
    """What would hang, or never end, where a file is meant."""
    path = tmp_path / "trap.png"
    if request.param == "FIFO":
        os.mkfifo(path)
    elif request.param == "device":
        path = Path("/dev/zero")
    elif request.param == "link to a device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    return path


def test_what_is_no_regular_file_is_not_waited_for(trap):
    with pytest.raises(ValidationError, match=r"Not a regular file|Is a directory"):
        generate_image(IMAGES, ImageGenerationRequest(prompt="x", image_list=[trap]))
    with pytest.raises(ValidationError, match=r"video: cannot be read: (Not a regular file|Is a directory)"):
        generate_video(VIDEOS, VideoGenerationRequest(prompt="x", operation="edit", video=trap))
    with pytest.raises(OSError, match=r"Not a regular file|Is a directory"):
        Media.from_file(trap)
    with pytest.raises(DownloadError, match=r"Not a regular file|Is a directory"):
        _ = Media(path=trap).content
    with pytest.raises(DownloadError, match=r"Not a regular file|Is a directory"):
        _ = Media(path=trap).sha256


def test_an_error_quotes_nothing_of_a_file(tmp_path):
    path = tmp_path / "notes.png"
    path.write_bytes(b"root:$6$secret:19000:0:99999:7:::")
    with pytest.raises(ValidationError) as image:
        generate_image(IMAGES, ImageGenerationRequest(prompt="x", image_list=[path]))
    with pytest.raises(ValidationError) as video:
        generate_video(VIDEOS, VideoGenerationRequest(prompt="x", operation="edit", video=path))
    for caught in (image, video):
        assert "root" not in str(caught.value)
        assert "726f6f74" not in str(caught.value).replace(" ", "")


def test_a_large_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(10**13)  # a hole: ten terabytes that take no room
    with pytest.raises(ValidationError, match=r"has 10,000,000,000,000 bytes, the limit is 52,428,800"):
        generate_image(IMAGES, ImageGenerationRequest(prompt="x", image_list=[path]))


def test_an_open_file_without_an_end_is_read_up_to_the_limit():
    with Path("/dev/zero").open("rb") as file, pytest.raises(ValidationError, match="has more than 52,428,800 bytes"):
        ImageType(image=file)


def response_of(media):
    answer = {"request_id": "r", "provider": "acme", "model": "m", "images": [media]}
    return ImageGenerationResponse.model_validate_json(json.dumps(answer)).images[0]


class TestResponsesFromJson:
    def test_a_file_is_read_where_its_digest_is_the_one_that_stands_there(self, secret, png):
        digest = hashlib.sha256(png).hexdigest()
        assert response_of({"path": str(secret), "sha256": digest}).content == png
        assert pickle.loads(pickle.dumps(response_of({"path": str(secret), "sha256": digest}))).content == png

    @pytest.mark.parametrize("known", [{}, {"sha256": None}, {"sha256": 7}, {"size_bytes": 12}])
    def test_a_file_without_its_digest_is_not_read(self, known, secret):
        media = response_of({"path": str(secret), **known})
        for read in (lambda: media.content, lambda: media.sha256, lambda: media.save(secret.with_name("copy.png"))):
            with pytest.raises(DownloadError, match=r"is not read: JSON named it without its sha256"):
                read()
        assert "sha256" not in media.model_dump(mode="json")
        assert pickle.loads(pickle.dumps(media)) == media
        assert [
            problem.field for problem in check_request(IMAGES, ImageGenerationRequest(prompt="x", image_list=[media]))
        ] == ["image_list.0.image"]

    def test_a_file_with_another_digest_is_told_to_have_changed(self, secret):
        with pytest.raises(DownloadError, match="has changed since it was saved"):
            _ = response_of({"path": str(secret), "sha256": "0" * 64}).content

    def test_a_trap_is_not_waited_for(self, trap):
        with pytest.raises(DownloadError, match=r"Not a regular file|Is a directory"):
            _ = response_of({"path": str(trap), "sha256": "0" * 64}).content

    def test_a_file_of_another_size_is_not_even_read(self, tmp_path):
        path = tmp_path / "large.png"
        with path.open("wb") as file:
            file.truncate(10**13)
        with pytest.raises(DownloadError, match="has changed"):
            _ = response_of({"path": str(path), "sha256": "0" * 64, "size_bytes": 400}).content


def test_the_memory_of_such_tries_stays_small(tmp_path):
    program = """
import json
from pathlib import Path
from tarash.tarash_gateway import check_request
from tarash.tarash_gateway.models import ImageGenerationConfig, ImageGenerationRequest, Media
config = ImageGenerationConfig(provider="sandbox", model="gpt-image-2")
problems = check_request(config, ImageGenerationRequest(prompt="x", image_list=[Path("/dev/zero")]))
media = Media.model_validate_json(json.dumps({"path": "/dev/zero", "sha256": "0" * 64}))
try:
    media.content
except Exception as error:
    # Not ru_maxrss: it begins with the peak of the process that this one was started by.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(len(problems), type(error).__name__, int(peak.split()[1]) // 1024)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    count, error, mebibytes = done.stdout.split()
    assert (count, error) == ("1", "DownloadError")
    assert int(mebibytes) < 600


class TestRowsOfABatch:
    """A file of rows names only images that lie in its own folder, or in one that the caller named."""

    @pytest.fixture
    def outcome(self, tmp_path, png):
        """What became of the one row of a file; `names` are the names of its image, one after the other."""
        folder = tmp_path / "rows"
        folder.mkdir()
        (folder / "link.png").symlink_to(tmp_path / "secret.png")
        (folder / "inside.png").write_bytes(png)
        (folder / "linked").symlink_to(tmp_path)

        def outcome(name):
            rows = folder / "rows.jsonl"
            rows.write_text(json.dumps({"id": "a", "prompt": "x", "image_list": [name]}))
            result = run_batch(rows, tmp_path / "out", configs=IMAGES, dry_run=True)
            return result.failures[0].error if result.failures else None

        return outcome

    @pytest.mark.parametrize(
        "name",
        ["../secret.png", "link.png", "linked/secret.png", "{}/secret.png", "./../rows/../secret.png", "~/x.png"],
    )
    def test_no_name_leads_out_of_the_folder_of_the_rows(self, name, outcome, secret):
        there = outcome(name.format(secret.parent))
        secret.unlink()
        gone = outcome(name.format(secret.parent))
        assert there == gone  # whether a file is there is told of no other folder
        assert there.startswith("ValidationError: image_list.0.image: is no file in the folder of the rows; ")

    def test_what_lies_in_the_folder_is_read(self, outcome):
        assert outcome("inside.png") is None
        assert outcome("./inside.png") is None


def test_objects_of_the_callers_own_are_taken(secret, png):
    inputs = [secret, Media.from_file(secret), io.BytesIO(png), {"image": secret}]
    request = ImageGenerationRequest(prompt="x", image_list=inputs)
    assert check_request(IMAGES, request) == []
