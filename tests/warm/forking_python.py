"""A Python that has imported what a call needs: a program runs in a fork of it, half a second sooner than by itself.

A program gets its own arguments, environment, folder, signals, limits and files 0 to 2, and ends as any process does.
Only its modules are there before it asks for them: what a program loads is tested in an interpreter of its own.

The tests talk to this script over the socket that is its file 0: `warm_python.py` is their side.
"""

import atexit
import fcntl
import gc
import importlib
import importlib.util
import io
import json
import os
import resource
import runpy
import signal
import socket
import sys
import termios
import types

MODULES = """
    asyncio concurrent.futures inspect logging pickle signal subprocess textwrap threading urllib.request
    cyclopts.completion.bash httpcore2 httpx2 openai openai.resources.images openai.resources.videos openai.types
    rich.console rich.live rich.progress rich.table truststore
    tarash.tarash_gateway.images tarash.tarash_gateway.videos tarash.tarash_gateway.catalog tarash.tarash_gateway.errors tarash.tarash_gateway.journal tarash.tarash_gateway.models
    tarash.tarash_gateway.flows.image tarash.tarash_gateway.flows.video
    tarash.tarash_gateway.media.structure tarash_gateway_cli.app tarash_gateway_cli.commands.image
    tarash_gateway_cli.commands.video tarash_gateway_cli.commands.jobs
    tarash_gateway_cli.commands.models tarash_gateway_cli.config tarash_gateway_cli.dry_run tarash_gateway_cli.generation
    tarash_gateway_azure_openai tarash_gateway_google tarash_gateway_ledger tarash_gateway_openai.provider
    tarash_gateway_openrouter tarash_gateway_opentelemetry tarash_gateway_sandbox.embedded
    tarash_gateway_sandbox.plugin
"""


def serve(control):
    """Starts what is asked for until nobody can ask any more.

    Returns:
        In a program's process: what it is to do. None in this one, at its end.
    """
    keepers = set()
    while True:
        requested, files, *_ = socket.recv_fds(control, 1, 4)
        # Waited for, so that what the programs cost is counted.
        keepers -= {keeper for keeper in keepers if os.waitpid(keeper, 0 if not requested else os.WNOHANG)[0]}
        if not requested:
            return None
        keeper = os.fork()
        if keeper == 0:
            control.close()
            return keep(socket.socket(fileno=files[0]), files[1:])
        keepers.add(keeper)
        for file in files:
            os.close(file)


def keep(reported, files):
    """Starts one program, and tells its number and how it ended."""
    wanted = json.loads(reported.makefile().read())
    child = os.fork()
    if child == 0:
        reported.close()
        become(wanted, files)
        return wanted["words"]
    for file in {*files, 0, 1, 2}:
        os.close(file)
    reported.sendall(f"{child}\n".encode())
    reported.sendall(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n".encode())
    os._exit(0)


def become(wanted, files):
    """Makes this process the program's."""
    if wanted["terminal"]:
        os.setsid()
        fcntl.ioctl(files[0], termios.TIOCSCTTY, 0)  # so that Ctrl-C is a signal
    numbers = [number for number in range(3) if number not in wanted["closed"]]
    for number, file in zip(numbers, files, strict=True):
        os.dup2(file, number)
        os.close(file)
    for number in wanted["closed"]:
        os.close(number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in wanted["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    for name, most in wanted["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environment"])
    streams = [
        open(0, encoding="utf-8", closefd=False) if 0 in numbers else None,  # noqa: SIM115 # as at a start
        _written(1, "strict") if 1 in numbers else None,
        _written(2, "backslashreplace") if 2 in numbers else None,
    ]
    sys.stdin, sys.stdout, sys.stderr = sys.__stdin__, sys.__stdout__, sys.__stderr__ = streams


def _written(number, errors):
    buffer = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
    return io.TextIOWrapper(buffer, "utf-8", errors, line_buffering=number == 2 or os.isatty(number))


def run(words):
    """Does what `python` does with these words."""
    kind, program, *rest = words
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    sys.path[0] = ""
    sys.argv = [kind, *rest]
    try:
        if kind == "-c":
            exec(compile(program, "<string>", "exec"), vars(main))  # a test's own code
        else:
            runpy.run_module(program, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        _end["code"] = {None: 0}.get(ended.code, ended.code)
        raise
    _end["code"] = 0


_end = {"code": None}


@atexit.register  # before all modules that do so too: what is registered first runs last
def _leave():
    """Ends the process of a program. Taking apart the modules that were there before it would cost as much as a call."""
    if not isinstance(_end["code"], int):
        return  # a text or an error that Python has to print
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (AttributeError, OSError, ValueError):
        return  # closed, or nobody reads any more: Python has a status for that
    os._exit(_end["code"] & 0xFF)


if __name__ == "__main__":
    for name in MODULES.split():
        if importlib.util.find_spec(name.partition(".")[0]):  # scripts/check-sdk-versions installs some of ours only
            importlib.import_module(name)
    gc.collect()
    gc.freeze()
    asked_for = serve(socket.socket(fileno=os.dup(0)))
    if asked_for:
        run(asked_for)
