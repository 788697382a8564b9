# ruff: noqa: INP001 # a script is in no package
"""How long it takes until something can begin: imports, `tarash --help`, finding plugins, checking a request.

    .venv/bin/python benchmarks/startup.py --rounds 9

Each contender is a process of its own, in turns. What is counted is CPU time:

- import: of a whole process that imports and ends, the interpreter's own start taken off;
- `tarash --help`: of the whole process, against a bare app with as many commands;
- plugins: of the first look in a process, after the imports, with 200 more distributions on the search path;
- checks: of `check_request`, after the imports and after config and request were made. The first one of a provider
  finds its plugin, imports it and makes its rows; later ones are of a typical request, the mean of 2,000.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from frame.figures import Figure

MeasuredT = TypeVar("MeasuredT")

DISTRIBUTIONS = 200

COMMANDS = ("image", "video", "batch", "jobs", "models", "providers", "plugins", "gallery", "plugin")

BARE_APP = f"""
from cyclopts import App, Group
app = App(name="tarash", help="Pictures.", help_format="plaintext", version="1")
group = Group("Create", sort_key=1)
for name in {COMMANDS!r}:
    def command(prompt: str, *, out: str = "x"):
        '''Generates images, or edits them.'''
    app.command(command, name=name, group=group)
app(["--help"])
"""
OUR_APP = "import sys; sys.argv = ['tarash', '--help']; from tarash_gateway_cli import main; main()"

IMPORTS = {
    "nothing": "",
    "pydantic + pluggy": "import pluggy, pydantic; pydantic.BaseModel",
    "tarash": "import tarash.tarash_gateway",
    "tarash, functions and models": (
        "from tarash.tarash_gateway import generate_image; import tarash.tarash_gateway.models"
    ),
    "openai SDK": "import openai; openai.OpenAI",
    **({"LiteLLM": "import litellm"} if importlib.util.find_spec("litellm") else {}),
}

# Python's first look at a search path is what both do; a look before it would make the second one cheaper.
LOOKS = {
    "entry_points(group=...)": (
        "from importlib.metadata import entry_points as look",
        "look(group='tarash_gateway.providers')",
    ),
    "tarash": (
        "from tarash.tarash_gateway.plugins._discovery import PROVIDERS, discover",
        "discover(PROVIDERS)",
    ),
    "tarash, all groups": (
        "from tarash.tarash_gateway.plugins._discovery import GROUPS, discover",
        "[found for group in GROUPS for found in discover(group)]",
    ),
}

PROVIDERS = {
    "openai": ("gpt-image-1", "sora-2"),
    "google": ("gemini-2.5-flash-image", "veo-3.1-generate-preview"),
    "openrouter": ("google/gemini-2.5-flash-image", "google/veo-3.1"),
    "sandbox": ("gpt-image-1", "sora-2"),
}
CHECK = """
import time
from tarash.tarash_gateway import check_request
from tarash.tarash_gateway.models import (
    ImageGenerationConfig, ImageGenerationRequest, VideoGenerationConfig, VideoGenerationRequest,
)
picture = (
    ImageGenerationConfig(provider={provider!r}, model={image!r}, api_key="sk-none"),
    ImageGenerationRequest(prompt="A harbour", size="1024x1024", quality="high", output_format="png"),
)
clip = (
    VideoGenerationConfig(provider={provider!r}, model={video!r}, api_key="sk-none"),
    VideoGenerationRequest(prompt="A harbour", duration_seconds=8, aspect_ratio="16:9"),
)
def later(asked):
    began = time.process_time()
    for _ in range(2000):
        check_request(*asked)
    return (time.process_time() - began) / 2000
began = time.process_time()
check_request(*picture)
first = time.process_time() - began
check_request(*clip)
print(first * 1e3, later(picture) * 1e6, later(clip) * 1e6)
"""


def measure(rounds: int) -> list[Figure]:
    """All of it."""
    with tempfile.TemporaryDirectory(prefix="tarash-startup-") as folder:
        install(Path(folder))
        return [*_imports(rounds), *_help(rounds), *_looks(rounds, folder), *_checks(rounds)]


def install(folder: Path) -> None:
    """Makes a folder of distributions as pip leaves them, a few of them plugins."""
    readme = "\n".join(f"Line {number} of a readme." for number in range(80))
    for number in range(DISTRIBUTIONS):
        info = folder / f"acme_{number}-1.{number}.dist-info"
        info.mkdir()
        needs = "".join(f"Requires-Dist: other-{other}>=1\n" for other in range(8))
        about = f"Metadata-Version: 2.4\nName: acme-{number}\nVersion: 1.{number}\nSummary: One.\n{needs}\n{readme}\n"
        (info / "METADATA").write_text(about)
        (info / "RECORD").write_text("".join(f"acme_{number}/{file}.py,,\n" for file in range(30)))
        if number % 2:
            group = "tarash_gateway.providers" if number % 20 == 1 else "console_scripts"
            (info / "entry_points.txt").write_text(f"[{group}]\nacme{number} = acme_{number}:main\n")


def _imports(rounds: int) -> list[Figure]:
    runs = _in_turns(rounds, {name: lambda code=code: _cpu_ms(code) for name, code in IMPORTS.items()})
    bare = runs.pop("nothing")
    net = {name: [max(run - start, 0.01) for run, start in zip(of, bare, strict=True)] for name, of in runs.items()}
    return _figures("import", "a fresh process", net, unit="ms CPU", against="pydantic + pluggy", budget=1.15)


def _help(rounds: int) -> list[Figure]:
    runs = _in_turns(rounds, {"bare cyclopts app": lambda: _cpu_ms(BARE_APP), "tarash": lambda: _cpu_ms(OUR_APP)})
    return _figures("command line", "--help", runs, unit="ms CPU", against="bare cyclopts app", budget=1.3)


def _looks(rounds: int, folder: str) -> list[Figure]:
    script = "import sys, time\nsys.path.append({folder!r})\n{imports}\nbegan = time.process_time()\nfound = {look}\n"
    script += "print((time.process_time() - began) * 1e3); assert len(found) >= 10"
    codes = {name: script.format(folder=folder, imports=imports, look=look) for name, (imports, look) in LOOKS.items()}
    runs = _in_turns(rounds, {name: lambda code=code: _printed(code)[0] for name, code in codes.items()})
    what = f"first look, {DISTRIBUTIONS} distributions more"
    return _figures("plugins", what, runs, unit="ms CPU", against="entry_points(group=...)", budget=1.2)


def _checks(rounds: int) -> list[Figure]:
    codes = {
        provider: CHECK.format(provider=provider, image=image, video=video)
        for provider, (image, video) in PROVIDERS.items()
    }
    runs = _in_turns(rounds, {provider: lambda code=code: _printed(code) for provider, code in codes.items()})
    found = []
    for at, (what, unit, budget) in enumerate(
        (
            ("first check", "ms CPU", 10.0),
            ("later check, image", "us CPU", 20.0),
            ("later check, video", "us CPU", 20.0),
        )
    ):
        for provider, of in runs.items():
            measured = [run[at] for run in of]
            contender = f"tarash, {provider}"
            found.append(Figure.of(measured, topic="checks", what=what, contender=contender, unit=unit, budget=budget))
    return found


def _figures(
    topic: str, what: str, runs: Mapping[str, list[float]], *, unit: str, against: str, budget: float
) -> list[Figure]:
    return [
        Figure.of(
            of,
            topic=topic,
            what=what,
            contender=name,
            unit=unit,
            reference=None if name == against else (against, runs[against]),
            budget=budget if name == "tarash" else None,
        )
        for name, of in runs.items()
    ]


def _in_turns(rounds: int, contenders: Mapping[str, Callable[[], MeasuredT]]) -> dict[str, list[MeasuredT]]:
    runs: dict[str, list[MeasuredT]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            measured = run()
            if number:  # the first round writes bytecode and fills the machine's caches
                runs[name].append(measured)
    return runs


def _surroundings() -> dict[str, str]:
    # LiteLLM asks the network for a list of prices otherwise.
    settings = {"TARASH_DISABLE_PLUGINS": "opentelemetry,ledger", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    # Where no bytecode is written, ours would be compiled in each process, and that of installed packages would not.
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | settings


def _cpu_ms(code: str) -> float:
    """CPU time of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL, env=_surroundings())  # noqa: S603 # ours
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def _printed(code: str) -> list[float]:
    """The numbers that a process prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=_surroundings())  # noqa: S603 # ours
    return [float(number) for number in done.stdout.split()]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    for figure in measure(parser.parse_args().rounds):
        ratio = "" if figure.ratio is None else f"  {figure.ratio:.2f} x {figure.against}"
        kept = {True: "  kept", False: f"  OVER {figure.budget}", None: ""}[figure.kept]
        spread = f"{figure.median:8.1f} {figure.unit} ({figure.low:.1f} to {figure.high:.1f})"
        sys.stdout.write(f"{figure.what:40} {figure.contender:30} {spread}{ratio}{kept}\n")


if __name__ == "__main__":
    main()
