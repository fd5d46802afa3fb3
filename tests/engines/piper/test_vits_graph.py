"""Cutting a voice changes nothing but where its noise comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from sonca.engines.piper.onnx_graph import NotVits
from sonca.engines.piper.vits_graph import split
from sonca.engines.piper.vits_model import SynthesisConfig, VitsModel, paced
from sonca.engines.piper.voice_files import describe
from tests.engines.piper import tiny

IDS = (1, 0, 20, 0, 33, 0, 3, 0, 41, 0, 25, 0, 2)
CPU = ("CPUExecutionProvider",)


def whole(model: onnx.ModelProto, scales: tuple[float, ...], speaker: int | None) -> np.ndarray:
    """What the graph says when nobody has cut it."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=list(CPU))
    feed: dict[str, Any] = {
        "input": np.array([IDS], np.int64),
        "input_lengths": np.array([len(IDS)], np.int64),
        "scales": np.array(scales, np.float32),
    }
    if speaker is not None:
        feed["sid"] = np.array([speaker], np.int64)
    (sound,) = session.run(None, feed)
    return np.asarray(sound).reshape(-1)


def load(folder: Path, speakers: int = 1, **changes: Any) -> VitsModel:
    path = tiny.save(folder, speakers=speakers, **changes)
    return VitsModel(describe(path, path.with_name(path.name + ".json")), CPU)


@pytest.mark.parametrize(("speakers", "speaker"), [(1, None), (3, 2)])
def test_cut_and_uncut_say_the_same(tmp_path: Path, speakers: int, speaker: int | None) -> None:
    quiet = {"noise_scale": 0, "length_scale": 1.3, "noise_w": 0}
    voice = load(tmp_path, speakers, inference=quiet)
    latent = voice.with_flow(voice.encode(IDS, SynthesisConfig(speaker, 1.0, 0)))
    sound = voice.decode(latent, 0, latent.count)
    expected = whole(tiny.graph(speakers), (0, 1.3, 0), speaker)
    assert len(sound) == len(expected)
    assert np.abs(expected).max() > 0.05
    np.testing.assert_allclose(sound, expected, atol=2e-6)


@pytest.mark.parametrize("size", [1, 3, 16, 40])
def test_windows_make_the_whole(tmp_path: Path, size: int) -> None:
    """To 1e-5 of full scale: only the order of additions may differ."""
    voice = load(tmp_path)
    latent = voice.encode(IDS * 8, SynthesisConfig(None, 1.0, 7))
    flowed = voice.with_flow(latent)
    expected = voice.decode(flowed, 0, latent.count)
    for frames in (flowed, latent):  # with the flow made at once, and window by window
        pieces = [
            voice.decode(frames, at, min(at + size, latent.count))
            for at in range(0, latent.count, size)
        ]
        np.testing.assert_allclose(np.concatenate(pieces), expected, atol=1e-5)


def test_a_window_less_wide_than_the_context_would_show(tmp_path: Path) -> None:
    """The context is needed: with half of it the windows do not fit together."""
    voice = load(tmp_path)
    latent = voice.encode(IDS * 8, SynthesisConfig(None, 1.0, 7))
    expected = voice.decode(latent, 30, 40)
    for name in ("context", "flow_context"):
        needed = getattr(voice, name)
        setattr(voice, name, needed // 2)
        assert np.abs(voice.decode(latent, 30, 40) - expected).max() > 1e-4
        setattr(voice, name, needed)


def test_the_decoder_is_known(tmp_path: Path) -> None:
    parts = split(tiny.graph())
    assert (parts.hop, parts.channels) == (tiny.HOP, tiny.CHANNELS)
    assert 3 <= parts.context <= 12
    assert parts.flow_context == 2
    assert all(node.op_type != "RandomNormalLike" for node in parts.prior.graph.node)
    kernels = {tensor.name: tensor for tensor in parts.sound.graph.initializer}
    convs = [node for node in parts.sound.graph.node if "Conv" in node.op_type]
    assert len(convs) > 5
    assert all(len(kernels[node.input[1]].dims) == 4 for node in convs)


def test_the_seed_is_the_noise(tmp_path: Path) -> None:
    voice = load(tmp_path)

    def sound(seed: int) -> np.ndarray:
        latent = voice.encode(IDS, SynthesisConfig(None, 1.0, seed))
        return voice.decode(latent, 0, latent.count)

    assert np.array_equal(sound(1), sound(1))
    one, two = sound(1), sound(2)
    assert len(one) != len(two) or not np.allclose(one, two, atol=1e-3)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.0, 1.37, 2.0])
def test_speed_is_exact_to_half_a_frame(speed: float) -> None:
    durations = np.random.default_rng(3).integers(1, 7, 200).astype(np.float32)
    frames = paced(durations, speed)
    assert abs(frames.sum() - durations.sum() / speed) <= 0.5
    assert frames.min() >= 0
    ends, expected = np.cumsum(frames), np.cumsum(durations) / speed
    assert np.abs(ends - expected).max() <= 0.5


def test_phonemes_begin_where_durations_say(tmp_path: Path) -> None:
    voice = load(tmp_path)
    latent = voice.encode(IDS, SynthesisConfig(None, 1.0, 0))
    assert latent.begins[0] == 0
    assert (np.diff(latent.begins) >= 1).all()
    assert latent.begins[-1] < latent.count


def foreign(*nodes: onnx.NodeProto, inputs: tuple[str, ...] = ("x",)) -> onnx.ModelProto:
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 4, "n"]) for name in inputs
    ]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph(list(nodes), "g", values, [out]))


def test_a_graph_that_takes_something_else_is_refused() -> None:
    with pytest.raises(NotVits, match="takes x; a Piper voice takes input, input_lengths"):
        split(foreign(helper.make_node("Relu", ["x"], ["y"])))


def test_a_graph_of_the_right_surface_that_is_not_vits_is_refused() -> None:
    names = ("input", "input_lengths", "scales")
    with pytest.raises(NotVits, match="no ConvTranspose"):
        split(foreign(helper.make_node("Relu", ["scales"], ["y"]), inputs=names))


def without(model: onnx.ModelProto, kind: str, instead: str) -> onnx.ModelProto:
    for node in model.graph.node:
        if node.op_type == kind:
            node.op_type = instead
            del node.attribute[:]
    return model


@pytest.mark.parametrize(
    ("kind", "instead", "said"),
    [("Ceil", "Floor", "no Ceil"), ("RandomNormalLike", "Identity", "nothing random")],
)
def test_a_voice_without_what_we_cut_by_is_refused(kind: str, instead: str, said: str) -> None:
    with pytest.raises(NotVits, match=said):
        split(without(tiny.graph(), kind, instead))
