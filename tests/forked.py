"""The command `sonca` as a real process, without the second that its imports take.

`commands` starts a process that imports Sonca and then waits; the list it gives stands for
``python -m sonca``. Run with arguments, it has that process fork, and the fork is the command, with
the caller's folder, environment and standard streams. Signals are passed on, and the caller sees
the command's own end. Tests of the start itself run Python instead.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import marshal
import os
import pkgutil
import select
import signal
import socket
import sys
import threading

LIBRARIES = (
    "av",
    "numpy.random",
    "rich.table",
    "soxr",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)
LEFT_OUT = ("sonca.__main__", "sonca.bench", "sonca.engines.viettts.")
NEEDED = ("sonca.engines.viettts.engine",)


def ask(address: str, *args: str) -> None:
    """Has the command run, and ends as it ends."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        socket.send_fds(line, [b"!"], [0, 1, 2, os.open(".", os.O_RDONLY)])
        os.closerange(0, 3)
        stream = line.makefile("rwb")
        marshal.dump(([*map(os.fsencode, args)], dict(os.environb)), stream)
        stream.flush()
        child = marshal.load(stream)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda number, _: os.kill(child, number))
        code = marshal.load(stream)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def listen(address: str) -> None:
    """Waits for callers until standard input ends; returns only in the forks that are to be the
    command."""
    _import()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(16)
        print("ready", flush=True)  # noqa: T201
        while listener in select.select([listener, 0], [], [])[0]:
            line, _ = listener.accept()
            with line, contextlib.suppress(ChildProcessError):
                if os.fork() == 0:
                    listener.close()
                    return _answer(line)
                while os.waitpid(-1, os.WNOHANG)[0]:  # those that have ended
                    pass
    os._exit(0)


def _import() -> None:
    """Imports what commands need; nothing that starts threads, which no fork keeps."""
    import sonca

    modules = [module.name for module in pkgutil.walk_packages(sonca.__path__, "sonca.")]
    for name in [*LIBRARIES, *modules]:
        if not name.startswith(LEFT_OUT) or name in NEEDED:
            importlib.import_module(name)


def _answer(line: socket.socket) -> None:
    """Forks the command and tells the caller of its end; kills it should the caller be killed."""
    _, files, _, _ = socket.recv_fds(line, 1, 4)
    stream = line.makefile("rwb")
    args, environment = marshal.load(stream)
    child = os.fork()
    if child == 0:
        return _become(args, environment, *files)
    for file in files:
        os.close(file)
    marshal.dump(child, stream)
    stream.flush()
    ended = os.pidfd_open(child)
    if ended not in select.select([ended, line], [], [])[0]:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    marshal.dump(os.waitstatus_to_exitcode(status), stream)
    stream.flush()
    os._exit(0)


def _become(args: list[bytes], environment: dict[bytes, bytes], *files: int) -> None:
    """Makes this process what the caller's child would be, right before ``import sonca``."""
    *streams, folder = files
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.fchdir(folder)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where tests run
    for file in files:
        os.close(file)
    os.environ.clear()
    os.environb.update(environment)
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:1] = [path for path in paths if path not in sys.path]
    sys.argv = ["sonca", *map(os.fsdecode, args)]


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role == "ask":
        ask(*rest)
    listen(*rest)
    from sonca.cli import main

    # As Python ends, but for taking down thousands of objects, which takes a quarter of a second.
    try:
        main()
    except SystemExit as end:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(end.code)
