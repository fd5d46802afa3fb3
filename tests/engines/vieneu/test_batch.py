"""The batch: equal to the serial model, whatever company a sentence has, and with what weights."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino")
import onnx

from benchmarks.vieneu.random_model import TINY, Random, random_weights, write
from sonca.audio import Samples
from sonca.engines.base import Audio, Event, Failed, Finished, Options, Session, Setup
from sonca.engines.moss_codec import MossDecoder
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.batch import load_batch
from sonca.engines.vieneu.batch.codec import FastDecoder
from sonca.engines.vieneu.batch.loading import load_networks, read_weights
from sonca.engines.vieneu.batch.networks import Networks, compile_networks
from sonca.engines.vieneu.batch.proof import prove
from sonca.engines.vieneu.batch.published import read_checkpoint, read_graphs
from sonca.engines.vieneu.batch.session import BatchSession
from sonca.engines.vieneu.batch.shape import Shape
from sonca.engines.vieneu.batch.single import SingleModel
from sonca.engines.vieneu.config import read_config
from sonca.engines.vieneu.engine import VieneuEngine
from sonca.engines.vieneu.heads import Heads, read_heads
from sonca.engines.vieneu.model_folder import ModelFolder, open_folder
from sonca.engines.vieneu.speaking import Speaking, draws_of
from sonca.testing import utterance
from sonca.utterance import Priority

pytestmark = pytest.mark.slow

TEXTS = (
    "chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài.",
    "vâng.",
    " ".join(["hôm nay trời đẹp quá, chúng ta đi chơi nhé."] * 7),  # more than one piece
    "không.",
    "mười hai giờ.",
    "...",
)
GRAPHS = ("vieneu_decode_step.onnx", "vieneu_acoustic_cached.onnx")


@pytest.fixture(scope="module")
def folder(model_dir: Path) -> ModelFolder:
    return open_folder(model_dir)


@pytest.fixture(scope="module")
def heads(folder: ModelFolder) -> Heads:
    return read_heads(
        folder.graphs / "vieneu_v3_heads.npz", read_config(folder.graphs / "config.json")
    )


@pytest.fixture(scope="module")
def exact(folder: ModelFolder, heads: Heads) -> Networks:
    return load_networks(folder, heads, precision="f32")


@pytest.fixture(scope="module")
def batched(folder: ModelFolder) -> VieneuEngine:
    engine = VieneuEngine(folder, Setup(threads=1))
    assert engine.info.slots == 8
    return engine


def jobs(engine: VieneuEngine) -> list[tuple[int, str, str, Options]]:
    """Returns ids, texts, voices and options."""
    voices = list(engine._presets)
    return [
        (n, text, voices[n % len(voices)], Options(seed=n, speed=1.25 if n == 0 else 1.0))
        for n, text in enumerate((*TEXTS, *TEXTS[:2], TEXTS[4]))
    ]


@pytest.fixture(scope="module")
def alone(batched: VieneuEngine) -> dict[int, Samples]:
    """What each sounds like without company."""
    return {job[0]: run(batched.session(), batched, [job]).of(job[0]) for job in jobs(batched)}


class Listener:
    """Takes the events of a session."""

    def __init__(self) -> None:
        self.sound: dict[int, list[Samples]] = {}
        self.finished: list[int] = []
        self.failed: dict[int, Exception] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, Audio):
            self.sound.setdefault(event.id, []).append(event.chunk.samples)
        elif isinstance(event, Finished):
            self.finished.append(event.id)
        elif isinstance(event, Failed):
            self.failed[event.id] = event.error

    def of(self, id: int) -> Samples:
        return np.concatenate(self.sound[id])


def run(
    session: Session,
    engine: VieneuEngine,
    what: Iterable[tuple[int, str, str, Options]],
    every: int = 1,
    at: Callable[[int], None] = lambda _: None,
) -> Listener:
    """Speaks; another one joins at every so many steps, if there is room."""
    listener, left, step = Listener(), list(what), 0
    while left or not session.idle:
        if left and session.free_slots and step % every == 0:
            id, text, voice, options = left.pop(0)
            session.add(id, utterance(text), engine.voice(voice), options)
        session.step(listener)
        at(step)
        step += 1
    return listener


def test_float32_draws_the_codes_of_the_serial_model(
    engine: VieneuEngine, speaking: Speaking, exact: Networks
) -> None:
    single = SingleModel(exact, engine._heads)
    piece = speaking.front_end.pieces(utterance(TEXTS[0]))[0]
    for seed, key in enumerate(engine._presets):
        voice = engine.voice(key)
        prompt = speaking.prompt(piece, voice)
        made = [
            np.stack([f.codes for f in model.frames(prompt, voice.anchor, draws, 100)])
            for model in (speaking.model, single)
            for draws in [draws_of(seed, 16)]
        ]
        np.testing.assert_array_equal(made[1], made[0])


def test_float32_sounds_as_the_serial_engine_does(
    engine: VieneuEngine, speaking: Speaking, exact: Networks
) -> None:
    """Pieces, short lines that are made again, nothing to say, another speed."""
    together = run(BatchSession(exact, speaking, 4), engine, jobs(engine), every=2)
    serial = run(engine.session(), engine, jobs(engine))
    assert not together.failed
    for id, *_ in jobs(engine):
        np.testing.assert_allclose(together.of(id), serial.of(id), atol=1e-5)


@pytest.mark.parametrize("every", [1, 5])
def test_a_sentence_is_the_same_in_any_company(
    batched: VieneuEngine, alone: dict[int, Samples], every: int
) -> None:
    together = run(batched.session(), batched, jobs(batched), every)
    assert sorted(together.finished) == list(alone)
    for id, samples in alone.items():
        np.testing.assert_array_equal(together.of(id), samples)


def test_who_leaves_frees_the_slot_and_changes_nobody(
    batched: VieneuEngine, alone: dict[int, Samples]
) -> None:
    wanted = [job for job in jobs(batched) if job[0] in (0, 2, 6)]
    session = batched.session()

    def leave(step: int) -> None:
        if step == 12:
            session.cancel(0)
            assert session.free_slots == 6

    listener = run(session, batched, wanted, at=leave)
    assert sorted(listener.finished) == [2, 6]
    for id in (2, 6):
        np.testing.assert_array_equal(listener.of(id), alone[id])


def test_a_slot_can_be_used_again_from_inside_an_event(batched: VieneuEngine) -> None:
    session, heard = batched.session(), Listener()
    id, text, voice, options = jobs(batched)[0]

    def emit(event: Event) -> None:
        heard(event)
        if isinstance(event, Finished) and len(heard.finished) == 1:
            session.add(id, utterance(text), batched.voice(voice), options)

    session.add(id, utterance(text), batched.voice(voice), options)
    while not session.idle:
        session.step(emit)
    assert heard.finished == [id, id]


def test_what_goes_wrong_ends_one_sentence_only(
    batched: VieneuEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = batched._speaking.front_end.pieces

    def broken(said: object) -> object:
        if getattr(said, "spoken", "") == TEXTS[4]:
            raise ValueError("no phonemes")
        return pieces(said)  # type: ignore[arg-type]

    monkeypatch.setattr(batched._speaking.front_end, "pieces", broken)
    listener = run(batched.session(), batched, jobs(batched)[:5])
    assert sorted(listener.finished) == [0, 1, 2, 3]
    assert str(listener.failed[4]) == "no phonemes"


def test_what_is_made_ahead_waits_for_what_is_listened_to(batched: VieneuEngine) -> None:
    session, order = batched.session(), list[int]()
    _, text, voice, options = jobs(batched)[0]
    for n in range(3):
        session.add(
            n, utterance(text), batched.voice(voice), replace(options, priority=Priority.BATCH)
        )
    assert session.promote(2)
    assert session.promote(99)
    while not order:
        session.step(lambda event: order.append(event.id))
    assert order[0] == 2


def test_the_codec_is_the_published_one_in_any_steps(folder: ModelFolder) -> None:
    """Beyond the windows of the tiny codec's layers, from 1 frame to 90."""
    exact = MossDecoder(folder.codec)
    codes = np.random.default_rng(4).integers(0, 1024, (90, 16))
    for precision, least in (("f32", 100.0), ("bf16", 35.0)):
        fast = FastDecoder.of(exact, precision, 1)  # type: ignore[arg-type]
        for count in (1, 3, 25, 90):
            wanted, sound = exact.samples(codes[:count]), fast.clone().samples(codes[:count])
            noise = np.square(sound - wanted, dtype=np.float64).mean()
            assert 10 * np.log10(np.square(wanted).mean() / noise) > least
        # Streams take turns and do not hear each other.
        one, other = fast.stream(), fast.stream()
        pieces = []
        for start in range(0, 88, 4):
            pieces.append(one.step(codes[start : start + 4]))
            other.step(codes[start + 1 : start + 5])
        again = fast.stream()
        np.testing.assert_array_equal(
            np.concatenate(pieces),
            np.concatenate([again.step(codes[start : start + 4]) for start in range(0, 88, 4)]),
        )


def test_exact_computes_in_float32(folder: ModelFolder) -> None:
    engine = VieneuEngine(folder, Setup(threads=1, exact=True))
    assert engine.info.providers == ("OpenVINO CPU (f32)",)
    assert engine.info.slots == 8


def test_a_codec_that_sounds_otherwise_stays_on_onnx_runtime(
    folder: ModelFolder, heads: Heads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sonca.engines.vieneu.batch.codec.LEAST_DB", 200.0)
    codec = MossDecoder(folder.codec)
    batch = load_batch(folder, heads, codec)
    assert batch.codec is codec
    assert batch.clone().codec is codec
    assert batch.providers[-1] == "ONNX Runtime CPU (codec)"


def test_int8_of_the_published_acoustic_model_is_read(tmp_path: Path) -> None:
    what = Random(replace(TINY, local_layers=2), int8_acoustic=True)
    write(tmp_path, what)
    step, acoustic = (tmp_path / "onnx_update" / name for name in GRAPHS)
    weights = random_weights(what)
    for name, value in read_graphs(step, acoustic, _shape(tmp_path)).items():
        top = np.abs(weights[name]).max()
        np.testing.assert_allclose(value, weights[name], atol=0.005 * top, err_msg=name)


def test_weights_are_found_where_exporters_leave_no_names(tmp_path: Path) -> None:
    what = Random(replace(TINY, local_layers=2))
    write(tmp_path, what)
    config = read_config(tmp_path / "onnx_update" / "config.json")
    assert config.local_layers == 2
    for name in GRAPHS:
        _without_names(tmp_path / "onnx_update" / name)
    step, acoustic = (tmp_path / "onnx_update" / name for name in GRAPHS)
    found = read_graphs(step, acoustic, _shape(tmp_path))
    weights = random_weights(what)
    assert len(found) == 2 * 11 + 2 * 9 + 3
    for name, value in found.items():
        np.testing.assert_array_equal(value, weights[name], err_msg=name)


def test_the_checkpoint_gives_the_same_weights(tmp_path: Path) -> None:
    what = Random(TINY, checkpoint=True)
    write(tmp_path, what)
    weights = random_weights(what)
    found = read_checkpoint(tmp_path / "update" / "model.safetensors", _shape(tmp_path))
    for name, value in found.items():
        np.testing.assert_array_equal(value, weights[name], err_msg=name)
    with pytest.raises(BadModel, match=r"text_embeddings\.weight is \(419, 32\).* \(420, 32\)"):
        read_checkpoint(
            tmp_path / "update" / "model.safetensors",
            replace(_shape(tmp_path), text_vocab=420),
        )
    with pytest.raises(BadModel, match=r"has no acoustic_decoder\.layers\.1"):
        read_checkpoint(
            tmp_path / "update" / "model.safetensors", replace(_shape(tmp_path), local_layers=2)
        )


@pytest.mark.parametrize(
    ("one", "other", "network"),
    [
        ("semantic_backbone.layers.1.mlp.gate_proj", "up", "language model"),
        ("semantic_backbone.layers.0.self_attn.k_proj", "v", "language model"),
        ("acoustic_decoder.layers.0.ff_gate", "up", "acoustic model"),
    ],
)
def test_weights_that_are_mixed_up_are_noticed(
    folder: ModelFolder, heads: Heads, one: str, other: str, network: str
) -> None:
    shape = _shape(folder.path)
    weights = dict(read_weights(folder, heads, shape))
    first = f"{one}.weight"
    second = first.replace("gate", other).replace("k_proj", f"{other}_proj")
    weights[first], weights[second] = weights[second], weights[first]
    networks = compile_networks(shape, weights, "bf16")
    prefill = folder.graphs / "vieneu_prefill.onnx"
    with pytest.raises(BadModel, match=f"{network} computes something else"):
        prove(networks, heads, prefill, folder.graphs / GRAPHS[1], threads=1)


def test_another_release_speaks_from_its_own_graphs(
    model_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A graph in which the weights stand elsewhere is upstream's to run, one at a time."""
    path = tmp_path / "vieneu" / "other"
    shutil.copytree(model_dir, path)
    file = path / "onnx_update" / "vieneu_decode_step.onnx"
    graph = onnx.load(str(file))
    for node in graph.graph.node:
        if node.op_type == "Sigmoid":  # silu(x) = x / (1 + exp(-x)), written out
            node.op_type = "HardSigmoid"
    onnx.save(graph, str(file))
    with caplog.at_level(logging.WARNING):
        engine = VieneuEngine(open_folder(path), Setup(threads=1))
    assert engine.info.slots == 1
    assert "cannot be told apart" in caplog.text
    listener = run(engine.session(), engine, jobs(engine)[3:4])
    assert listener.finished == [3]


def _shape(path: Path) -> Shape:
    return Shape.of(json.loads((path / "onnx_update" / "config.json").read_text("utf-8")))


def _without_names(path: Path) -> None:
    model = onnx.load(str(path))
    names = {
        tensor.name: f"onnx::{n}"
        for n, tensor in enumerate(model.graph.initializer)
        if tensor.name.endswith(".weight")
    }
    for tensor in model.graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            node.input[place] = names.get(name, name)
    onnx.save(model, str(path))


def test_exact_keeps_float32(folder: ModelFolder) -> None:
    exact = VieneuEngine(folder, Setup(threads=1, exact=True))
    assert "f32" in exact.info.version
    assert "bf16" not in "".join(exact.info.providers)
