"""Voices in folders and zips, and zips that are not to be trusted."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonca.engines.base import Setup
from sonca.engines.runtime import BadModel
from sonca.engines.zerotts import ZeroTTSEngine
from sonca.engines.zerotts.voice_packs import find_packs, latents_of, packs_in
from sonca.errors import InvalidRequest
from tests.engines.zerotts import tiny

ROWS, WIDTH = 10, 16


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def latents(rows: int = ROWS, width: int = WIDTH) -> bytes:
    values = np.random.default_rng(0).normal(0, 1, (1, rows, width)).astype(np.float32)
    return npz(voice_emb=values, n_voice_queries=np.int64(rows))


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


META = json.dumps(
    {"display_name": "Cô Lan", "gender": "nữ", "tags": ["miền Nam", "trầm ấm"]}
).encode()


def test_a_zip_is_a_voice_where_it_lies(tmp_path: Path) -> None:
    tiny.install(tmp_path)
    setup = Setup(models_dir=tmp_path, threads=1)
    engine = ZeroTTSEngine(setup)
    home = tmp_path / "zerotts" / "lan"
    home.mkdir()
    noise = {"__MACOSX/co-lan/voice.npz": b"noise", "README.md": b"read me"}
    members = {"co-lan/voice.npz": latents(), "co-lan/meta.json": META, **noise}
    zipped(home / "lan.zip", **members)
    voices = {voice.id: voice for voice in ZeroTTSEngine.voices(setup)}
    assert list(voices) == ["maichi", "giahuy", "co-lan"]
    lan = voices["co-lan"]
    assert (lan.name, lan.gender, lan.region, lan.tone) == ("Cô Lan", "female", "south", "deep")
    assert engine.voice("co-lan").latents.shape == (1, ROWS, WIDTH)  # added since it was loaded
    assert ZeroTTSEngine.model_files(home / "lan.zip") == {".zip": home / "lan.zip"}


def test_a_zip_whose_root_is_the_voice_is_called_as_the_file(tmp_path: Path) -> None:
    (pack,) = packs_in(zipped(tmp_path / "Giọng Tôi.zip", **{"voice.npz": latents()}))
    assert pack.key == "giong-toi"
    assert latents_of(pack, ROWS, WIDTH).shape == (1, ROWS, WIDTH)


def test_a_second_voice_of_a_name_has_its_folder_in_front(tmp_path: Path) -> None:
    model = tiny.install(tmp_path)
    home = tmp_path / "zerotts" / "mine"
    home.mkdir()
    zipped(home / "x.zip", **{"maichi/voice.npz": latents()})
    assert list(find_packs(tmp_path, model)) == ["maichi", "giahuy", "mine-maichi"]


def test_what_is_said_of_a_voice_goes_before_what_it_says(tmp_path: Path) -> None:
    home = tmp_path / "zerotts" / "lan"
    home.mkdir(parents=True)
    (home / "voice.npz").write_bytes(latents())
    (home / "meta.json").write_bytes(META)
    facts = {"name": "Chị Lan", "gender": "male", "region": "north"}
    ZeroTTSEngine.after_install(home, tmp_path, facts, lambda _: None)
    tiny.install(tmp_path)
    (lan,) = [v for v in ZeroTTSEngine.voices(Setup(models_dir=tmp_path)) if v.id == "lan"]
    assert (lan.name, lan.gender, lan.region) == ("Chị Lan", "male", "north")


@pytest.mark.parametrize(
    ("members", "named"),
    [
        ({"../../evil/voice.npz": b""}, "leads out of it"),
        ({"/etc/voice.npz": b""}, "leads out of it"),
        ({"a/../../voice.npz": b""}, "leads out of it"),
        ({"..\\evil\\voice.npz": b""}, "leads out of it"),
        ({"README.md": b"nothing"}, "no voice.npz"),
        ({f"{n}.txt": b"" for n in range(1001)}, "1001 files"),
        ({}, "no voice.npz"),
    ],
)
def test_a_zip_that_is_not_to_be_trusted_is_refused(
    tmp_path: Path, members: dict[str, bytes], named: str
) -> None:
    path = zipped(tmp_path / "x.zip", **members)
    with pytest.raises(BadModel, match=named):
        ZeroTTSEngine.model_files(path)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"<html>404</html>", "no voice that can be read"),
        (b"", "no voice that can be read"),
        (latents()[:900], "no voice that can be read"),
        (npz(other=np.zeros(3)), "no voice that can be read"),
        (npz(voice_emb=np.array([{}], object)), "no voice that can be read"),
        (npz(voice_emb=np.array(["x"])), "no voice that can be read"),
        (latents(rows=4), "other weights"),
        (latents(width=768), "other weights"),
        (npz(voice_emb=np.full((1, ROWS, WIDTH), np.nan, np.float32)), "not finite"),
        (b"\0" * (2 << 20), "larger than"),
    ],
)
def test_a_voice_of_other_weights_or_of_none_is_refused(
    tmp_path: Path, content: bytes, named: str
) -> None:
    (pack,) = packs_in(zipped(tmp_path / "x.zip", **{"x/voice.npz": content}))
    with pytest.raises(BadModel, match=named):
        latents_of(pack, ROWS, WIDTH)


def test_a_broken_or_missing_zip_is_refused_and_left_out(tmp_path: Path) -> None:
    model = tiny.install(tmp_path)
    home = tmp_path / "zerotts" / "mine"
    home.mkdir()
    path = zipped(home / "x.zip", **{"x/voice.npz": latents()})
    spoil: Callable[[bytes], bytes]
    for spoil in (lambda b: b[: len(b) // 2], lambda b: b"PK\3\4" + b[40:], lambda _: b""):
        path.write_bytes(spoil(path.read_bytes()))
        with pytest.raises(BadModel):
            packs_in(path)
        assert list(find_packs(tmp_path, model)) == ["maichi", "giahuy"]
    with pytest.raises(InvalidRequest):
        ZeroTTSEngine.model_files(tmp_path / "none.zip")


def test_a_voice_of_other_weights_that_is_added_is_named(tmp_path: Path) -> None:
    tiny.install(tmp_path)
    home, said = tmp_path / "zerotts" / "mine", []
    home.mkdir()
    zipped(home / "x.zip", **{"lan/voice.npz": latents(width=768)})
    ZeroTTSEngine.after_install(home, tmp_path, {}, said.append)
    assert "the voice lan cannot be used" in said[-1]
    assert "belongs to other weights" in said[-1]
