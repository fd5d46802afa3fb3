"""The root command, and how errors become exit codes.

Exit codes: 0 done, 1 failed, 2 asked for wrongly, 130 interrupted, 141 the reader went away.
An error is one line on stderr. Knows the commands by name only: the module of a command is
imported when it runs, so that `sonca --help` is instant and one command's missing dependency
is no other's trouble.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup

from sonca import __version__
from sonca.errors import InvalidRequest, SettingsError, SoncaError

COMMANDS = {
    "say": "Speak a text through the speakers or into a file.",
    "serve": "Start the server with its page.",
    "voices": "List the voices that can speak now.",
    "text": "See how a text is read, and score the reading.",
    "models": "List, fetch, check and remove models.",
    "book": "Read whole books aloud: plan, cast, build, check.",
    "doctor": "Show what works here: engines, devices, paths, versions.",
    "bench": "Measure speed: ways to serve, latency, load.",
}
"""Each is a module of this package, with an ``app`` or one function of that name; the text
stands in ``sonca --help``."""

FAILED, MISUSED, INTERRUPTED, READER_GONE = 1, 2, 130, 141


class LazyGroup(TyperGroup):
    """Lists its commands without importing them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Returns a name and a line of help: enough for help pages and completion."""
        text = COMMANDS.get(cmd_name)
        return None if text is None else TyperCommand(cmd_name, help=text, callback=_nothing)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Returns the real command, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and name is not None:
            command = _load(name)
        return name, command, rest


def _nothing() -> None:
    """Stands in for a command that is not imported yet."""


def _load(name: str) -> Any:
    module = importlib.import_module(f"sonca.cli.{name}")
    group = getattr(module, "app", None)
    if group is None:  # a single command is a function named like its module
        group = typer.Typer()
        group.command()(getattr(module, name))
    group._add_completion = False  # the root has it
    command = typer.main.get_command(group)
    command.name = name
    return command


app = typer.Typer(
    cls=LazyGroup,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sonca {__version__}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Vietnamese text-to-speech."""
    del version  # its callback has done it
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def run() -> NoReturn:
    """Runs the command line and exits."""
    code = _run()
    try:
        sys.stdout.flush()
    except OSError as error:
        _silence_stdout()
        code = code or _fail(error)
    sys.exit(code)


def _run() -> int:
    try:
        result = typer.main.get_command(app).main(prog_name="sonca", standalone_mode=False)
    except KeyboardInterrupt:
        return INTERRUPTED
    except SystemExit as end:
        if not _is_broken_pipe(end):  # typer ends with 1 then
            raise
        _silence_stdout()
        return READER_GONE
    except Exception as error:
        return _fail(error)
    return result if isinstance(result, int) else 0


def _fail(error: Exception) -> int:
    """Says what went wrong in one line, and returns the exit code."""
    if _is_broken_pipe(error):
        _silence_stdout()
        return READER_GONE
    if sys.flags.dev_mode and not isinstance(error, InvalidRequest | SettingsError):
        import traceback

        traceback.print_exception(error)
    message, code = _explain(error)
    if line := " ".join(message.split()):
        print(f"sonca: {line}", file=sys.stderr)  # noqa: T201
    return code


def _explain(error: Exception) -> tuple[str, int]:
    match error:
        case InvalidRequest() | SettingsError():
            return str(error), MISUSED
        case SoncaError():
            return str(error), FAILED
        case ModuleNotFoundError():
            return f"{error}; this command needs a package that is not installed", FAILED
        case OSError():
            return str(error), FAILED
        case typer.Abort():
            return "aborted", INTERRUPTED
    if callable(usage := getattr(error, "format_message", None)):
        if not usage():  # a group without a command has shown its help
            return "", MISUSED
        return f"{str(usage()).rstrip('.')} (see {_command_path(error)} --help)", MISUSED
    return (
        f"internal error: {type(error).__name__}: {error} "
        "(python -X dev -m sonca ... shows the traceback)",
        FAILED,
    )


def _command_path(error: Exception) -> str:
    return str(getattr(getattr(error, "ctx", None), "command_path", "sonca"))


def _is_broken_pipe(error: BaseException | None) -> bool:
    """Returns whether whoever read our output has gone, however deep that is wrapped."""
    while error is not None:
        if isinstance(error, BrokenPipeError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _silence_stdout() -> None:
    """Keeps the interpreter from complaining, at its end, about what can no longer be written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
