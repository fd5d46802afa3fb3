"""Voices of every form are read, none by unpickling, and others are refused by what differs."""

from __future__ import annotations

import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.kokoro.random_model import pack
from sonca.engines.kokoro.voice_packs import MOST_ROWS, names_in, read_pack
from sonca.engines.runtime import BadModel

PACK = pack(5)
FLAT = PACK.reshape(-1, 256)


def torch_file(
    path: Path, content: bytes = FLAT.tobytes(), storage: bytes = b"FloatStorage", **more: bytes
) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("af/data.pkl", b"\x80\x02ctorch\n" + storage + b"\nq\x00.")
        archive.writestr("af/byteorder", more.pop("byteorder", b"little"))
        archive.writestr("af/data/0", content)
        for name, extra in more.items():
            archive.writestr(f"af/data/{name}", extra)
    return path


def npy(path: Path) -> Path:
    np.save(path, PACK)
    return path


def raw(path: Path) -> Path:
    path.write_bytes(FLAT.astype("<f4").tobytes())
    return path


@pytest.mark.parametrize(
    ("name", "make"),
    [("a.npy", npy), ("a.bin", raw), ("a.pt", torch_file)],
    ids=["npy", "bin", "pt"],
)
def test_one_voice(tmp_path: Path, name: str, make: Callable[[Path], Path]) -> None:
    path = make(tmp_path / name)
    assert names_in(path) == ["a"]
    np.testing.assert_array_equal(read_pack(path, "a"), FLAT)


@pytest.mark.parametrize("name", ["voices.npz", "voices-v1.0.bin"])
def test_several_voices_in_one_file(tmp_path: Path, name: str) -> None:
    with (tmp_path / name).open("wb") as file:
        np.savez(file, af_heart=PACK, bm_george=PACK[:100] * 2)
    assert names_in(tmp_path / name) == ["af_heart", "bm_george"]
    np.testing.assert_array_equal(read_pack(tmp_path / name, "bm_george"), FLAT[:100] * 2)
    with pytest.raises(BadModel, match=r"has no nobody\.npy"):
        read_pack(tmp_path / name, "nobody")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    for name in ("a.npy", "a.bin", "a.pt"):
        (tmp_path / name).write_bytes(pickle.dumps({"a": 1}))
        with pytest.raises(BadModel):
            read_pack(tmp_path / name, "a")
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (tmp_path / "a.npy").write_bytes(file.getvalue())
    with pytest.raises(BadModel, match="cannot be read as an array"):
        read_pack(tmp_path / "a.npy", "a")


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.zeros((510, 1, 128), np.float32), "(510, 1, 256)"),
        (np.zeros((510, 1, 256), np.float16), "float16"),
        (np.zeros((0, 256), np.float32), "(0, 256)"),
        (np.zeros(256, np.float32), "(256,)"),
        (np.zeros((MOST_ROWS + 1, 256), np.float32), "1,025 styles"),
        (np.full((2, 256), np.nan, np.float32), "not finite"),
    ],
)
def test_other_arrays_are_refused(tmp_path: Path, array: object, why: str) -> None:
    np.save(tmp_path / "a.npy", np.asarray(array))
    with pytest.raises(BadModel) as error:
        read_pack(tmp_path / "a.npy", "a")
    assert why in str(error.value)


def test_other_torch_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    for options, why in (
        ({"storage": b"HalfStorage"}, "not of float32"),
        ({"byteorder": b"big"}, "big-endian"),
        ({"1": b"0"}, "holds 2 tensors"),
        ({"content": b"0" * 1000}, "no rows of 256"),
        ({"content": bytes(4 * 256 * 5000)}, "larger than a voice"),
    ):
        torch_file(path, **options)  # type: ignore[arg-type]
        with pytest.raises(BadModel, match=why):
            read_pack(path, "a")
    path.write_bytes(torch_file(path).read_bytes()[:5000])
    with pytest.raises(BadModel, match="no whole archive"):
        read_pack(path, "a")


def test_files_that_are_cut_or_none(tmp_path: Path) -> None:
    path = raw(tmp_path / "a.bin")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(BadModel, match="cut short"):
        read_pack(path, "a")
    path.write_bytes(b"<html>not found</html>")
    with pytest.raises(BadModel, match="no rows of 256"):
        read_pack(path, "a")
    with pytest.raises(BadModel, match="cannot be read"):
        read_pack(tmp_path / "none.npy", "a")
    with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive:
        archive.writestr("../../out.npy", b"no array")
    with pytest.raises(BadModel, match="cannot be read as an array"):
        read_pack(tmp_path / "v.npz", "../../out")
    assert not (tmp_path.parent.parent / "out.npy").exists()
