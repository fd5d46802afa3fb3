"""A loaded Kokoro: from phonemes and a style to sound, and when each phoneme begins.

As published, the graph is one, computed by ONNX Runtime. In bf16 it is three
(`sonca.engines.kokoro.surgery`), the middle one by OpenVINO; in float32 they are the same three, to
measure the others against.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.engines.kokoro import surgery, vocoder_graph
from sonca.engines.kokoro.model_folder import graph_of
from sonca.engines.kokoro.phonemes import Tokens
from sonca.engines.kokoro.surgery import Parts, Ports
from sonca.engines.kokoro.symbols import read_symbols
from sonca.engines.kokoro.voice_packs import STYLE, Pack
from sonca.engines.runtime import BadModel, Graph, open_graph
from sonca.engines.runtime.bfloat16 import Bfloat16Graph
from sonca.engines.runtime.graph import short
from sonca.errors import EngineError

if TYPE_CHECKING:
    from onnx import ModelProto

SAMPLE_RATE_HZ = 24_000
Precision = Literal["published", "float32", "bf16"]
_TOKENS, _STYLES = ("input_ids", "tokens"), ("style", "ref_s")
_AUDIO, _DURATION = ("audio", "waveform"), ("duration", "durations", "pred_dur")
_RANDOM = ("RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")


@dataclass(slots=True)
class Sentence:
    """What is known of one piece between two steps."""

    arrays: list[Any]
    """What `text` gave: frames, source, and what passes the vocoder."""
    begins: npt.NDArray[np.int64] | None
    """When each token begins, in frames, and the end."""
    style: Any
    spectrum: Any = None

    @property
    def vocoded(self) -> bool:
        """Whether `vocode` was run."""
        return self.spectrum is not None


class KokoroModel:
    """One model. May be used from several threads at once."""

    def __init__(self, folder: Path, threads: int = 1, precision: Precision = "published") -> None:
        """Loads it. Raises `BadModel`, naming what differs, if its files are not such; or, in
        another precision than published, if it cannot be cut."""
        path = graph_of(folder)
        if path is None:
            raise BadModel(f"{folder} has no graph: it is no Kokoro model")
        self.folder = folder
        self.symbols: Mapping[str, int] = read_symbols(folder)
        proto = _load(path)
        self.deterministic = all(node.op_type not in _RANDOM for node in proto.graph.node)
        self.quantized = any(node.op_type == "ConvInteger" for node in proto.graph.node)
        self._ports = ports = ports_of(proto, path)
        self._vocoder: Graph | None = None
        self._sound: Graph | None = None
        self._parts: Parts | None = None
        if precision != "published":
            parts = surgery.cut(proto, ports)
            if parts is None:
                raise BadModel(f"{path} is built otherwise than the Kokoros known: it stays whole")
            self._parts = parts
            self._graph = open_graph(
                parts.text.SerializeToString(), threads=threads, name=str(path)
            )
            vocoder = vocoder_graph.prepare(parts.vocoder).SerializeToString()
            opened = Bfloat16Graph if precision == "bf16" else open_graph
            self._vocoder = opened(vocoder, threads=threads, name=str(path))
            self._sound = open_graph(parts.sound.SerializeToString(), name=str(path))
        elif ports.duration is not None and _added(proto, ports.duration):
            surgery.with_output(proto, ports.duration)
            content = proto.SerializeToString()
            del proto
            self._graph = open_graph(content, threads=threads, name=str(path))
        else:
            del proto
            self._graph = open_graph(path, threads=threads)
        self._check()

    @property
    def cut(self) -> bool:
        """Whether it is in three, and `vocode` has something to do."""
        return self._parts is not None

    @property
    def providers(self) -> tuple[str, ...]:
        vocoder = self._vocoder.providers if self._vocoder else ()
        return (*vocoder, *self._graph.providers)

    def begin(self, tokens: Tokens, pack: Pack, speed: float) -> Sentence:
        """Runs the first graph; of a whole model, the only one."""
        style = pack[min(tokens.count, len(pack)) - 1][None]
        ports, parts = self._ports, self._parts
        dtype = self._graph.inputs[ports.tokens].dtype
        feed = {
            ports.tokens: np.array([tokens.ids], dtype),
            ports.style: style,
            ports.speed: np.full(len(self._graph.inputs[ports.speed].shape) * (1,), speed, "f4"),
        }
        wanted = [parts.frames, parts.source, *parts.passed] if parts else [ports.audio]
        durations = [ports.duration] if ports.duration else []
        arrays = self._graph.run(feed, [*wanted, *durations])
        begins = None
        if durations:
            frames = arrays.pop().reshape(-1)
            if len(frames) == len(tokens.ids):
                begins = np.concatenate([[0], np.cumsum(frames.astype(np.int64))])
        return Sentence(arrays, begins, style)

    def vocode(self, sentence: Sentence) -> None:
        """Runs the second graph, most of the work; of a whole model, nothing."""
        if self._vocoder is not None and self._parts is not None:
            frames, source = sentence.arrays[:2]
            feed = {self._parts.frames: frames, self._parts.source: source}
            if self._ports.style in self._vocoder.inputs:
                feed[self._ports.style] = sentence.style
            (sentence.spectrum,) = self._vocoder.run(feed, [self._parts.spectrum])

    def finish(self, sentence: Sentence) -> Samples:
        """Returns the sound: (N,) float32 in [-1, 1]."""
        made = sentence.arrays[0]
        if self._sound is not None and self._parts is not None:
            passed = dict(zip(self._parts.passed, sentence.arrays[2:], strict=True))
            (made,) = self._sound.run({self._parts.spectrum: sentence.spectrum, **passed})
        samples = np.asarray(made, np.float32).reshape(-1)
        if not np.isfinite(samples).all():
            raise EngineError(f"{self._graph.name} gave sound that is not finite")
        return np.clip(samples, -1, 1)

    def speak(self, tokens: Tokens, pack: Pack, speed: float) -> Samples:
        """Returns the sound of one piece."""
        sentence = self.begin(tokens, pack, speed)
        self.vocode(sentence)
        return self.finish(sentence)

    def _check(self) -> None:
        ports, speed = self._ports, self._graph.inputs[self._ports.speed]
        tokens = self._graph.inputs[ports.tokens].dtype.name
        self._graph.expect(
            {
                ports.tokens: (tokens if tokens in ("int32", "int64") else "int64", 2),
                ports.style: ("float32", (None, STYLE)),
                ports.speed: ("float32", min(len(speed.shape), 1)),
            }
        )


def ports_of(model: ModelProto, path: Path) -> Ports:
    """Returns what an export calls its inputs and outputs. `BadModel` names the one it lacks."""
    given = [value.name for value in model.graph.input]
    made = [value.name for value in model.graph.output]

    def find(kind: str, known: tuple[str, ...], names: list[str]) -> str:
        found = next((name for name in known if name in names), None)
        if found is None:
            raise BadModel(
                f"{path} is no Kokoro: it has no {kind} {' or '.join(map(repr, known))} (it has "
                f"{', '.join(names) or 'none'})"
            )
        return found

    duration = next((name for name in _DURATION if name in made), None)
    return Ports(
        find("input", _TOKENS, given),
        find("input", _STYLES, given),
        find("input", ("speed",), given),
        find("output", _AUDIO, made),
        duration or surgery.duration_of(model),
    )


def _added(model: ModelProto, name: str) -> bool:
    return all(value.name != name for value in model.graph.output)


def _load(path: Path) -> ModelProto:
    import onnx

    try:
        return onnx.load(str(path))
    except Exception as error:  # protobuf, onnx and the disk have a class each
        raise BadModel(
            f"{path} cannot be loaded ({short(error)}); it may be cut short: fetch it again, or "
            "sonca models verify"
        ) from error
