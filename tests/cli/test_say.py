"""``sonca say``: into files, pipes and speakers, and what it refuses."""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import time
import wave
from pathlib import Path

import numpy as np
import pytest

TEXT = "Xin chào các bạn."


def wav_seconds(data: bytes) -> float:
    with wave.open(io.BytesIO(data)) as file:
        return file.getnframes() / file.getframerate()


@pytest.mark.parametrize(
    ("name", "magic"),
    [
        ("a.wav", b"RIFF"),
        ("a.MP3", b"\xff\xf3"),
        ("a.opus", b"OggS"),
        ("a.ogg", b"OggS"),
        ("a.flac", b"fLaC"),
        ("a.aac", b"\xff\xf1"),
    ],
)
def test_the_suffix_chooses_the_format(sonca, tmp_path: Path, name: str, magic: bytes) -> None:
    done = sonca("say", TEXT, "-o", name)
    assert (done.stdout, done.stderr) == (b"", b"")
    assert (tmp_path / name).read_bytes().startswith(magic)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_file_has_its_true_length(sonca, tmp_path: Path) -> None:
    sonca("say", TEXT, "-o", "a.wav")
    assert 0.5 < wav_seconds((tmp_path / "a.wav").read_bytes()) < 5


def test_format_wins_over_the_suffix(sonca, tmp_path: Path) -> None:
    sonca("say", TEXT, "-o", "a.bin", "--format", "flac")
    assert (tmp_path / "a.bin").read_bytes().startswith(b"fLaC")


@pytest.mark.slow
def test_voice_speed_and_pitch_are_heard(sonca) -> None:
    def pcm(*args: str) -> bytes:
        return sonca("say", TEXT, "-o", "-", "--format", "pcm", *args).stdout

    plain = pcm()
    assert pcm() == plain
    assert len(pcm("--speed", "2")) < 0.75 * len(plain)
    assert pcm("--pitch", "1.5") != plain
    assert pcm("--voice", "south-female") != plain
    assert pcm("--engine", "tone") != plain


@pytest.mark.slow
def test_every_source_says_the_same(sonca, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, "utf-8")
    spoken = sonca("say", TEXT, "-o", "-").stdout
    assert spoken.startswith(b"RIFF")
    assert sonca("say", *TEXT.split(" "), "-o", "-").stdout == spoken
    assert sonca("say", "-f", "a.txt", "-o", "-").stdout == spoken
    assert sonca("say", "-", "-o", "-", stdin=TEXT.encode()).stdout == spoken
    assert sonca("say", "-f", "-", "-o", "-", stdin=TEXT.encode()).stdout == spoken


def test_a_dialogue_line_is_a_text(sonca) -> None:
    assert sonca("say", "- Chào anh!", "-o", "-").stdout.startswith(b"RIFF")


def test_standard_output_that_is_a_file_gets_true_lengths(
    command, environment, tmp_path: Path
) -> None:
    with (tmp_path / "a.wav").open("wb") as file:
        subprocess.run([*command, "say", TEXT, "-o", "-"], stdout=file, env=environment, check=True)
    assert 0.5 < wav_seconds((tmp_path / "a.wav").read_bytes()) < 5


def test_a_substitute_is_told(sonca) -> None:
    done = sonca("say", TEXT, "--voice", "cdteam", "-o", "-")
    assert done.stdout.startswith(b"RIFF")
    assert "cdteam" in done.stderr.decode()
    assert "instead" in done.stderr.decode()


@pytest.mark.slow
def test_100_000_letters_without_a_blank(sonca) -> None:
    text = b"a" * 90_000 + b"ab" * 5_000  # the first sound once, the others a letter at a time
    sound = sonca("say", "-", "-o", "-", "--format", "pcm", stdin=text).stdout
    assert len(sound) / 2 / 22_050 > 10


def test_control_characters_lose_nothing_else(sonca) -> None:
    marked = "Xin chào\x07\x1b[31m các bạn.".encode()
    clean = "Xin chào [31m các bạn.".encode()
    assert sonca("say", "-", "-o", "-", stdin=marked).stdout[:4] == b"RIFF"
    assert len(sonca("say", "-", "-o", "-", stdin=marked).stdout) > 0.8 * len(
        sonca("say", "-", "-o", "-", stdin=clean).stdout
    )


# What is refused


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], ["no text"]),
        ([""], ["empty"]),
        (["  \n "], ["empty"]),
        (["🙂 ***"], ["nothing"]),
        ([b"ch\xc3\xa0o \xed\xa0\x80"], ["byte 6", "UTF-8"]),
        ([TEXT, "--voice", "nobody"], ["nobody", "north-female"]),
        ([TEXT, "--engine", "nothing"], ["nothing", "espeak"]),
        ([TEXT, "--format", "doc"], ["doc", "mp3"]),
        ([TEXT, "--speed", "0"], ["speed is 0", "0.5 to 2"]),
        ([TEXT, "--speed", "-1"], ["speed is -1", "0.5 to 2"]),
        ([TEXT, "--speed", "nan"], ["speed is nan", "0.5 to 2"]),
        ([TEXT, "--speed", "3"], ["speed is 3", "0.5 to 2"]),
        ([TEXT, "--pitch", "inf"], ["pitch is inf"]),
        ([TEXT, "-f", "a.txt"], ["TEXT", "FILE"]),
        (["-f", "missing.txt"], ["missing.txt", "No such file"]),
        (["-f", "."], ["Is a directory"]),
    ],
)
def test_bad_requests(refused, args: list[str | bytes], words: list[str]) -> None:
    line = refused("say", *args, "-o", "a.wav")
    assert all(word in line for word in words)


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [
        ("a.doc", 2, [".doc", ".mp3"]),
        ("a", 2, ["suffix"]),
        ("", 2, ["suffix"]),
        ("missing/a.wav", 1, ["missing", "No such file"]),
        ("folder.wav", 1, ["folder.wav", "directory"]),
        ("x" * 300 + ".wav", 1, ["too long"]),
    ],
)
def test_bad_outputs(refused, tmp_path: Path, output: str, code: int, words: list[str]) -> None:
    (tmp_path / "folder.wav").mkdir()
    line = refused("say", TEXT, "-o", output, code=code)
    assert all(word in line for word in words)


def test_output_without_permission(refused, tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    if os.access(locked, os.W_OK):
        locked = Path("/proc")  # root may write everywhere but here
    assert str(locked) in refused("say", TEXT, "-o", f"{locked}/a.wav", code=1)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"", ["empty"]), (b"ok\0ok", ["byte 2", "NUL"]), (b"ok\xff", ["byte 2", "UTF-8"])],
)
def test_bad_files(refused, tmp_path: Path, data: bytes, words: list[str]) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    line = refused("say", "-f", "a.txt", "-o", "a.wav")
    assert all(word in line for word in words)


def test_a_device_that_is_missing(refused) -> None:
    said = refused("say", TEXT, "-o", "a.wav", env={"SONCA_DEVICE": "cuda"}, code=1)
    assert "the device cuda was asked for" in said
    assert "SONCA_DEVICE" in said


def test_a_text_over_the_limit(refused) -> None:
    line = refused("say", "Một hai ba bốn.", "-o", "a.wav", env={"SONCA_MAX_TEXT_CHARS": "10"})
    assert "15 characters" in line
    assert "10" in line


def test_a_full_disk(sonca, command, environment) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, "say", TEXT, "-o", "-"],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment,
        )
    assert done.returncode == 1
    assert "standard output" in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_a_terminal_gets_no_sound(command, environment) -> None:
    leader, follower = pty.openpty()
    done = subprocess.run(
        [*command, "say", TEXT, "-o", "-"],
        stdout=follower,
        stderr=subprocess.PIPE,
        env=environment,
    )
    os.close(follower)
    os.close(leader)
    assert done.returncode == 2
    assert "terminal" in done.stderr.decode()


# Being stopped

LONG = ("Hôm nay trời đẹp quá, chúng ta cùng đi chơi nhé. " * 20_000).encode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_half_file(
    command, environment, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "a.txt").write_bytes(LONG)
    (tmp_path / "a.wav").write_bytes(b"what was there")
    running = subprocess.Popen(
        [*command, "say", "-f", "a.txt", "-o", "a.wav"],
        cwd=tmp_path,
        env=environment,
        stderr=subprocess.PIPE,
    )
    _wait_until(lambda: any(path.stat().st_size for path in tmp_path.glob(".*")), running)
    running.send_signal(number)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 128 + number
    assert errors == b""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "a.wav"]
    assert (tmp_path / "a.wav").read_bytes() == b"what was there"


def _wait_until(condition, running: subprocess.Popen[bytes]) -> None:
    for _ in range(3000):
        if condition():
            return
        assert running.poll() is None, "it ended too early"
        time.sleep(0.01)
    raise AssertionError("nothing happened")


def test_a_reader_that_has_enough_is_no_error(command, environment, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(LONG)
    with subprocess.Popen(
        [*command, "say", "-f", "a.txt", "-o", "-"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        assert running.stdout.read(4) == b"RIFF"
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(30) == 128 + signal.SIGPIPE


# Speakers


def heard(speakers: dict[str, str]) -> tuple[np.ndarray, list[str]]:
    room = Path(speakers["SPEAKERS"])
    return np.fromfile(room / "heard.raw", np.float32), (room / "calls.txt").read_text().split("\n")


def test_without_output_it_is_played(sonca, speakers: dict[str, str]) -> None:
    sonca("say", TEXT, env=speakers)
    samples, calls = heard(speakers)
    assert calls[:-1] == ["open 22050", "start", "stop", "close"]
    pcm = np.frombuffer(sonca("say", TEXT, "-o", "-", "--format", "pcm").stdout, "<i2")
    assert np.abs(samples * 32768 - pcm).max() <= 2  # one for the scale, one for rounding


def test_a_device_of_another_rate(sonca, speakers: dict[str, str]) -> None:
    sonca("say", TEXT, env=speakers | {"ONLY_48K": "1"})
    samples, calls = heard(speakers)
    assert calls[0] == "open 48000"
    pcm = sonca("say", TEXT, "-o", "-", "--format", "pcm").stdout
    assert len(samples) == pytest.approx(len(pcm) / 2 * 48_000 / 22_050, abs=2)


def test_a_device_that_goes_away(sonca, speakers: dict[str, str]) -> None:
    done = sonca("say", TEXT, env=speakers | {"UNPLUG": "1"}, code=1)
    assert done.stderr.decode().splitlines() == [
        "sonca: cannot play: Device unavailable; write a file with -o FILE"
    ]
    assert heard(speakers)[1][-3:-1] == ["abort", "close"]


def test_no_device(sonca, speakers: dict[str, str]) -> None:
    done = sonca("say", TEXT, env=speakers | {"NO_DEVICE": "1"}, code=1)
    assert done.stderr.decode().splitlines() == [
        "sonca: cannot play: there is no sound device here; write a file with -o FILE"
    ]


def test_no_portaudio(sonca, speakers: dict[str, str]) -> None:
    module = Path(speakers["SPEAKERS"], "sounddevice.py")
    module.write_text("raise OSError('PortAudio library not found')", "utf-8")
    done = sonca("say", TEXT, env=speakers, code=1)
    assert b"libportaudio2" in done.stderr
    assert b"-o FILE" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_format_is_for_files(refused) -> None:
    assert "-o" in refused("say", TEXT, "--format", "mp3")
