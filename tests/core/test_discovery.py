"""Discovery opens one file of each distribution, parses those that name us, and loads nothing."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tarash.tarash_gateway.plugins import COMMANDS, OBSERVERS, PROVIDERS, discover
from tarash.tarash_gateway.plugins import _discovery as discovery
from tarash.tarash_gateway.plugins._discovery import GROUPS, InstallOrigin

ENTRY_POINTS = "[console_scripts]\nacme = acme:main\n\n[tarash_gateway.providers]\nacme = acme_plugin:hooks\n"
README = "\n".join(f"Version: line {number} of a long readme" for number in range(100))


@pytest.fixture(autouse=True)
def nothing_disabled(monkeypatch):
    monkeypatch.delenv("TARASH_DISABLE_PLUGINS", raising=False)


@pytest.fixture
def site(tmp_path):
    """Installs a distribution into a folder, of which nothing is on the search path yet."""

    def site(name, entry_points=ENTRY_POINTS, folder=tmp_path, **files):
        return install(folder, name, entry_points, **files)

    return site


@pytest.fixture
def discovered(tmp_path):
    """Discovers while only these places, and Python's own, are on the search path."""

    def discovered(*places, group=PROVIDERS):
        own = [path for path in sys.path if not list(Path(path).glob("*.dist-info"))]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "path", [str(place) for place in places or [tmp_path]] + own)
            return discover(group)

    yield discovered
    discovery._read.cache_clear()


def install(folder, name, entry_points, *, version="1.2.3", reported=None, direct_url=None):
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    about = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: Of {name}.\n\n{README}\n"
    (info / "METADATA").write_text(about if reported is None else reported)
    (info / "RECORD").write_text("")
    if entry_points is not None:
        (info / "entry_points.txt").write_text(entry_points)
    if direct_url is not None:
        (info / "direct_url.json").write_text(direct_url)
    return info


def origins(found):
    return [item.origin for item in found]


def test_an_entry_point_is_told_with_its_distribution(site, discovered):
    site("acme-plugin")
    (found,) = discovered()
    assert (found.name, found.value, found.distribution, found.version) == (
        "acme", "acme_plugin:hooks", "acme-plugin", "1.2.3",
    )  # fmt: skip
    assert (found.summary, found.place, found.disabled) == ("Of acme-plugin.", InstallOrigin(), False)


def test_each_group_has_its_own(site, discovered):
    site(
        "acme", "".join(f"[{group}]\none = m{at}\n" for at, group in enumerate(GROUPS)) + "[tarash_gateway.x]\na = b\n"
    )
    assert [[found.value for found in discovered(group=group)] for group in GROUPS] == [
        [f"m{at}"] for at in range(len(GROUPS))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[tarash_gateway.providers]\nacme=acme_plugin:hooks",
        "[ tarash_gateway.providers ]\r\n# acme = other\r\n  acme  =  acme_plugin:hooks  \r\n",
        "\n\n[tarash_gateway.providers]\nwithout a value\nacme = acme_plugin:hooks\n[other]\nacme = not_this\n",
    ],
    ids=["no space", "much space and a comment", "a broken line"],
)
def test_entry_points_are_read_however_they_are_written(text, site, discovered):
    site("acme", text)
    assert [(found.name, found.value) for found in discovered()] == [("acme", "acme_plugin:hooks")]


def test_it_finds_what_the_standard_library_finds():
    from importlib.metadata import entry_points

    for group in GROUPS:
        theirs = sorted(
            (found.name, found.value, found.dist.name, found.dist.version) for found in entry_points(group=group)
        )
        ours = sorted((found.name, found.value, found.distribution, found.version) for found in discover(group))
        assert ours == theirs


class TestWhatIsThereTwice:
    def test_the_first_of_a_name_hides_the_others(self, site, discovered, tmp_path):
        site("acme-plugin", folder=tmp_path / "later")
        site("Acme.Plugin", folder=tmp_path / "first", version="9.0")
        assert origins(discovered(tmp_path / "first", tmp_path / "later")) == ["Acme.Plugin 9.0"]

    def test_also_where_the_first_offers_nothing(self, site, discovered, tmp_path):
        site("acme-plugin", folder=tmp_path / "later")
        site("acme-plugin", None, folder=tmp_path / "first")
        assert origins(discovered(tmp_path / "first", tmp_path / "later")) == []

    def test_a_folder_that_is_on_the_path_twice(self, site, discovered, tmp_path):
        site("acme-plugin")
        assert origins(discovered(tmp_path, f"{tmp_path}/", tmp_path)) == ["acme-plugin 1.2.3"]


class TestWhatIsBroken:
    def test_an_interrupted_uninstall_leaves_no_word(self, site, discovered):
        site("acme", reported="")
        assert [(found.name, found.origin) for found in discovered()] == [("acme", "unknown distribution")]

    def test_what_pip_was_removing_is_not_there(self, site, discovered, tmp_path):
        site("acme").rename(tmp_path / "~cme-1.2.3.dist-info")
        assert origins(discovered()) == []

    @pytest.mark.parametrize("content", [b"\xff\xfe[tarash_gateway.providers]", b"\0\0"], ids=["no text", "nothing"])
    def test_entry_points_that_nobody_can_read_harm_nobody(self, content, site, discovered):
        (site("broken") / "entry_points.txt").write_bytes(content)
        site("acme")
        assert origins(discovered()) == ["acme 1.2.3"]

    def test_a_search_path_of_nothing_harms_nobody(self, site, discovered, tmp_path):
        site("acme")
        (tmp_path / "plain.txt").write_text("no archive")
        (tmp_path / "old.egg-info").write_text("Name: old\n")
        assert origins(discovered("/no/such/folder", tmp_path / "plain.txt", tmp_path)) == ["acme 1.2.3"]

    @pytest.mark.parametrize("reported", ["{", "[]", "3", '{"dir_info": 3}'])
    def test_a_place_that_nobody_can_read_is_none(self, reported, site, discovered):
        site("acme", direct_url=reported)
        assert discovered()[0].place == InstallOrigin()

    def test_a_place_is_what_pip_wrote_down(self, site, discovered):
        site("acme", direct_url=json.dumps({"url": "file:///src/acme", "dir_info": {"editable": True}}))
        assert discovered()[0].place == InstallOrigin("file:///src/acme", editable=True)


class TestElsewhere:
    def test_an_archive_on_the_path_is_looked_into(self, site, discovered, tmp_path):
        info = site("acme", folder=tmp_path / "unpacked")
        with zipfile.ZipFile(tmp_path / "acme.zip", "w") as archive:
            for file in info.iterdir():
                archive.write(file, f"{info.name}/{file.name}")
        assert [(found.name, found.origin) for found in discovered(tmp_path / "acme.zip")] == [("acme", "acme 1.2.3")]

    def test_a_finder_of_the_program_is_asked(self, site, discovered, tmp_path, monkeypatch):
        from importlib.metadata import PathDistribution

        info = site("acme", folder=tmp_path / "hidden")

        class Finder:
            def find_spec(self, name, path=None, target=None):
                return None

            def find_distributions(self, context):
                return [PathDistribution(info)]

        monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder()])
        assert origins(discovered()) == ["acme 1.2.3"]


class TestWhatItCosts:
    @pytest.fixture
    def opened(self):
        """The files of metadata that are opened from here on."""
        files, listens = [], [True]

        def hook(event, args):
            if listens and event == "open" and ".dist-info" in str(args[0]):
                files.append(str(args[0]).rpartition("/")[2])

        sys.addaudithook(hook)
        yield files
        listens.clear()

    def test_one_file_of_a_stranger_and_two_of_a_plugin(self, site, discovered, opened):
        for number in range(50):
            site(f"stranger-{number}", "[console_scripts]\na = b\n" if number % 2 else None)
        site("acme")
        del opened[:]
        for group in GROUPS:
            discovered(group=group)
        # One look at each stranger that has entry points or might have, and none at its metadata.
        assert sorted(set(opened)) == ["METADATA", "entry_points.txt"]
        assert opened.count("METADATA") == 1
        assert opened.count("entry_points.txt") == 51

    def test_a_second_look_opens_nothing(self, site, discovered, opened):
        site("acme")
        discovered()
        del opened[:]
        discovered(group=OBSERVERS)
        discovered()
        assert opened == []

    def test_what_is_installed_meanwhile_is_found(self, site, discovered, tmp_path):
        assert origins(discovered()) == []
        site("acme", folder=tmp_path / "more")
        assert origins(discovered(tmp_path / "more")) == ["acme 1.2.3"]

    @pytest.mark.parametrize("group", [PROVIDERS, COMMANDS])
    def test_it_loads_no_plugin_and_nothing_that_takes_long(self, group):
        code = (
            "import sys; from tarash.tarash_gateway.plugins._discovery import discover\n"
            f"assert discover({group!r})\n"
            "print(*{'logging', 'asyncio', 'pluggy', 'pydantic',"
            " 'tarash_gateway_openai', 'tarash_gateway_sandbox'} & set(sys.modules))"
        )
        done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
        assert done.stdout.split() == []
