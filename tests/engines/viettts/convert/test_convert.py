"""Conversion: what comes out, and what bad input leaves behind (nothing)."""

from __future__ import annotations

import collections
import errno
import shutil
from pathlib import Path

import numpy as np
import pytest

from benchmarks.viettts.checkpoint_writer import write_checkpoint
from benchmarks.viettts.parity.golden import GoldenFolder
from benchmarks.viettts.random_checkpoint import full_size_yaml, make_random, random_state
from sonca.engines.viettts.config import parse_config, read_config
from sonca.engines.viettts.convert.checkpoint import fold, read_checkpoint
from sonca.engines.viettts.convert.checkpoint_schema import check_schema, schema_of
from sonca.engines.viettts.hyperpyyaml import load_hyperpyyaml
from sonca.engines.viettts.model_folder import map_tensors, open_folder
from sonca.errors import EngineError, SoncaError, StorageError, StorageFull
from tests.engines.viettts.tiny import GOLDEN


def convert_into(source: Path, target: Path, vocabulary: Path) -> None:
    pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")
    from sonca.engines.viettts.convert.convert import convert

    convert(source, target, vocabulary)


def nothing_left(target: Path) -> bool:
    return not target.parent.exists() or list(target.parent.iterdir()) == []


def test_layout_is_the_checkpoint_s(golden: GoldenFolder) -> None:
    for part, wanted in schema_of(golden.config()).items():
        found = {key: value.shape for key, value in golden.weights(part).items()}
        check_schema(part, found, wanted)


@pytest.mark.parametrize("rate", [25, 50])
def test_full_size_has_the_published_number_of_parameters(rate: int) -> None:
    config = parse_config(load_hyperpyyaml(full_size_yaml(rate)))
    assert config.flow.rate_hz == rate
    millions = {
        part: sum(int(np.prod(shape)) for shape in shapes.values()) / 1e6
        for part, shapes in schema_of(config).items()
    }
    assert millions == pytest.approx({"llm": 315.1, "flow": 104.9, "hift": 20.5}, abs=0.05)


def test_random_weights_depend_on_the_seed_only(golden: GoldenFolder) -> None:
    config = golden.config()
    one, same, other = (dict(random_state(config, "hift", seed)) for seed in (1, 1, 2))
    assert all(np.array_equal(one[key], same[key]) for key in one)
    assert not np.array_equal(one["conv_pre.weight_v"], other["conv_pre.weight_v"])


def test_converted_folder_is_complete_and_opens(model: Path) -> None:
    folder = open_folder(model)
    assert folder.config.flow.rate_hz == 50
    assert map_tensors(model / "tables.safetensors")["llm.text"].shape == (2000, 16)
    assert not list(model.parent.glob(".*"))


def test_converting_what_was_written_changes_no_number(
    checkpoint: Path, vocabulary: Path, tmp_path: Path
) -> None:
    pytest.importorskip("openvino", reason="the conversion writes OpenVINO graphs")
    pytest.importorskip("tiktoken", reason="the tokenizer needs tiktoken")
    from sonca.engines.viettts.convert.convert import convert

    config = read_config(checkpoint / "config.yaml")
    model = convert(checkpoint, tmp_path / "model", vocabulary, cuda=True)
    for part in ("llm", "flow", "hift"):
        written = dict(random_state(config, part, 1))
        if part == "hift":
            written = dict(fold(written))
        found = map_tensors(model.weights(part))
        assert set(found) == set(written)
        for key, value in written.items():
            np.testing.assert_array_equal(found[key], value)


@pytest.mark.slow
def test_converting_again_replaces(model: Path, checkpoint: Path, vocabulary: Path) -> None:
    target = model.parent / "again"
    for _ in range(2):
        convert_into(checkpoint, target, vocabulary)
        (target / "stale").touch()
    convert_into(checkpoint, target, vocabulary)
    assert not (target / "stale").exists()
    assert [path.name for path in model.parent.iterdir() if path.name.startswith(".")] == []


def damaged(checkpoint: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(checkpoint, tmp_path / "source"))


def refused(source: Path, tmp_path: Path, vocabulary: Path, match: str) -> None:
    target = tmp_path / "out" / "model"
    with pytest.raises(EngineError, match=match):
        convert_into(source, target, vocabulary)
    assert nothing_left(target)


@pytest.mark.parametrize("name", ["config.yaml", "llm.pt", "hift.pt", "speech_tokenizer.onnx"])
def test_a_missing_file(checkpoint: Path, tmp_path: Path, vocabulary: Path, name: str) -> None:
    source = damaged(checkpoint, tmp_path)
    (source / name).unlink()
    refused(source, tmp_path, vocabulary, f"lacks {name}")


def test_a_truncated_file(checkpoint: Path, tmp_path: Path, vocabulary: Path) -> None:
    source = damaged(checkpoint, tmp_path)
    content = (source / "flow.pt").read_bytes()
    (source / "flow.pt").write_bytes(content[: len(content) // 2])
    refused(source, tmp_path, vocabulary, "flow.pt is cut short")


def test_wrong_shapes(checkpoint: Path, tmp_path: Path, vocabulary: Path) -> None:
    source = damaged(checkpoint, tmp_path)
    state = read_checkpoint(source / "llm.pt")
    state["speech_embedding.weight"] = np.zeros((63, 32), np.float32)
    write_checkpoint(tmp_path / "x.pt", list(state.items()))
    shutil.move(tmp_path / "x.pt", source / "llm.pt")
    refused(source, tmp_path, vocabulary, "speech_embedding.weight is 63x32.*asks for 64x32")


@pytest.mark.parametrize(
    ("edit", "match"),
    [
        (lambda s: collections.OrderedDict(list(s.items())[1:]), "lacks 1 of"),
        (lambda s: {**s, "surplus": np.zeros(3, np.float32)}, "does not ask for.*surplus"),
    ],
)
def test_missing_and_surplus_tensors(
    checkpoint: Path, tmp_path: Path, vocabulary: Path, edit: object, match: str
) -> None:
    source = damaged(checkpoint, tmp_path)
    state = edit(read_checkpoint(source / "hift.pt"))  # type: ignore[operator]
    write_checkpoint(tmp_path / "x.pt", list(state.items()))
    shutil.move(tmp_path / "x.pt", source / "hift.pt")
    refused(source, tmp_path, vocabulary, match)


def test_a_vocabulary_too_large_for_the_weights(tmp_path: Path, vocabulary: Path) -> None:
    pytest.importorskip("onnx", reason="the stand-ins for the prompt models need onnx")
    pytest.importorskip("tiktoken", reason="the tokenizer needs tiktoken")
    golden_yaml = (GOLDEN / "config.yaml").read_text()
    make_random(tmp_path / "small", 1, config_yaml=golden_yaml)
    refused(tmp_path / "small", tmp_path, vocabulary, "the model has rows for 200")


def test_a_full_disk_at_the_start(
    checkpoint: Path, tmp_path: Path, vocabulary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    target = tmp_path / "out" / "model"
    with pytest.raises(StorageFull, match="are needed"):
        convert_into(checkpoint, target, vocabulary)
    assert nothing_left(target)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, StorageFull), (errno.EACCES, StorageError)]
)
def test_a_disk_that_fills_up_on_the_way(
    checkpoint: Path, tmp_path: Path, vocabulary: Path, monkeypatch: pytest.MonkeyPatch,
    number: int, kind: type[SoncaError],
) -> None:  # fmt: skip
    openvino = pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")
    saved = []

    def save(*arguments: object, **options: object) -> None:
        saved.append(arguments)
        if len(saved) == 5:
            raise OSError(number, "no")

    monkeypatch.setattr(openvino, "save_model", save)
    target = tmp_path / "out" / "model"
    with pytest.raises(kind):
        convert_into(checkpoint, target, vocabulary)
    assert len(saved) == 5
    assert nothing_left(target)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("llm: !!python/object/apply:os.mkdir [x]\n", "cannot be read as plain data"),
        ("- 1\n- 2\n", "not a mapping"),
        ("llm: [1\n", "cannot be read"),
        ("llm: {}\nflow: {}\nhift: {}\n", "lacks"),
        ("a: !ref <b>\n", "refers to <b>"),
        ("a: !ref <b>\nb: !ref <a>\n", "too deeply"),
    ],
)
def test_a_config_that_is_no_config(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(EngineError, match=match):
        read_config(tmp_path / "config.yaml")


def test_config_tags_run_nothing(tmp_path: Path, tiny_yaml: str) -> None:
    victim = tmp_path / "victim"
    text = f'{tiny_yaml}\nother: !apply:os.mkdir ["{victim}"]\nmore: !new:os.mkdir\n    path: x\n'
    (tmp_path / "config.yaml").write_text(text)
    assert read_config(tmp_path / "config.yaml").llm.speech_vocab == 64
    assert not victim.exists()


def test_references_are_resolved_in_lists_too() -> None:
    document = load_hyperpyyaml("a: 3\nb: !ref <a>\nc: [!ref <a>, 4]\nd: !new:x.Y\n  e: !ref <b>\n")
    assert document == {"a": 3, "b": 3, "c": [3, 4], "d": {"e": 3}}


def test_folders_that_are_no_model_say_what_to_run(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="pull viet-tts"):
        open_folder(tmp_path / "none")
    with pytest.raises(EngineError, match="models convert"):
        open_folder(checkpoint)
    with pytest.raises(EngineError, match="pull viet-tts"):
        open_folder(tmp_path)
    (tmp_path / "sonca.json").write_text('{"format": 0, "precision": "fast", "version": "x"}')
    with pytest.raises(EngineError, match="format 0"):
        open_folder(tmp_path)
    (tmp_path / "sonca.json").write_text("{")
    with pytest.raises(EngineError, match="damaged"):
        open_folder(tmp_path)
