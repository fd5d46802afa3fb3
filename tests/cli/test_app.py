"""The root command: version, help, exit codes, completion."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sonca import __version__
from sonca.cli.app import COMMANDS


def test_version(sonca) -> None:
    assert sonca("--version").stdout.decode() == f"sonca {__version__}\n"


@pytest.mark.parametrize("args", [(), ("--help",), ("-h",)])
def test_help_names_every_command(sonca, args: tuple[str, ...]) -> None:
    page = sonca(*args).stdout.decode()
    assert all(f" {name} " in page for name in COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(sonca, name: str) -> None:
    page = sonca(name, "--help").stdout.decode()
    assert f"sonca {name}" in page


def test_a_group_without_a_command_shows_its_help(sonca) -> None:
    done = sonca("text", code=2)
    assert b"explain" in done.stdout + done.stderr
    assert b"sonca: " not in done.stderr
    assert b"completion" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("args", "word"),
    [
        (["sing"], "sing"),
        (["say", "a", "--loud"], "--loud"),
        (["say", "a", "--speed", "fast"], "--speed"),
        (["say", "a", "-o"], "-o"),
        (["voices", "extra"], "extra"),
    ],
)
def test_bad_usage(refused, args: list[str], word: str) -> None:
    line = refused(*args)
    assert word in line
    assert "--help" in line


def test_unknown_setting(refused) -> None:
    assert "SONCA_PROT" in refused("voices", env={"SONCA_PROT": "1"})


def test_wrong_setting(refused) -> None:
    assert "SONCA_THREADS" in refused("voices", env={"SONCA_THREADS": "many"})


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script(sonca, shell: str) -> None:
    script = sonca("--show-completion", env=_completing(shell)).stdout.decode()
    assert "_SONCA_COMPLETE" in script


def _completing(shell: str) -> dict[str, str]:
    # Which shell it is for is read from the process tree, unless one is asked for by name.
    return {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "", "SHELL": f"/bin/{shell}"}


def test_completion_of_commands_and_voices(sonca) -> None:
    def complete(line: str) -> list[str]:
        words = line.split(" ")
        env = {
            "_SONCA_COMPLETE": "complete_bash",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
        }
        return sonca(env=env).stdout.decode().split()

    assert complete("sonca v") == ["voices"]
    assert "--speed" in complete("sonca say --sp")
    assert complete("sonca say --voice south-female-") == ["south-female-soft"]


def test_no_room_for_output(sonca, command, environment) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "voices"], stdout=full, stderr=subprocess.PIPE, env=environment
        )
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1
    assert "No space left" in done.stderr.decode()


def test_a_reader_that_goes_away_is_no_error(command, environment) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run(
            [*command, "voices"], stdout=gone, stderr=subprocess.PIPE, env=environment
        )
    assert done.returncode == 128 + signal.SIGPIPE
    assert done.stderr == b""


@pytest.mark.parametrize("command", [[sys.executable, "-m", "sonca"]], ids=["sonca"])
def test_a_bug_is_one_line_and_says_how_to_see_more(refused, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import sonca.cli.voices as v\nv._COLUMNS = ('nothing',)\n")
    (tmp_path / "sitecustomize.py").write_text("import broken\n")
    path = f"{tmp_path}{os.pathsep}{Path(__file__).parents[2] / 'src'}"
    line = refused("voices", code=1, env={"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"})
    assert line.startswith("internal error: KeyError")
    assert "-X dev" in line
