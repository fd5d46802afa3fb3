"""A loaded VITS model: from phoneme ids to samples, step by step, on any thread.

The graph is split in four (`sonca.engines.piper.vits_graph`) and every part runs on one thread:
what runs side by side are sentences and windows, not the rows of one product, because that is what
two cores do best (`docs/piper.md`). The decoder, most of the work, can be had in bf16. Knows
nothing of text, queues or events.
"""

from __future__ import annotations

import copy
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.engines.piper.onnx_graph import NotVits
from sonca.engines.piper.vits_graph import FRAME_NOISE, TEXT_NOISE, split
from sonca.engines.piper.voice_config import BadVoice
from sonca.engines.piper.voice_files import VoiceFiles
from sonca.engines.runtime import Graph, open_graph
from sonca.engines.runtime.bfloat16 import Bfloat16Graph, Lengths
from sonca.errors import EngineError

Float = npt.NDArray[np.float32]
Feed = dict[str, Any]

_MAX_FRAMES = 20_000
"""A sentence of over three minutes is a model gone wrong, not speech."""


_WINDOWS = (48, 64, 80, 96, 112, 128, 144, 160, 176, 192, 208, 224, 256, 288)
"""Frames that a decoder computes at once: an utterance's first window up to the longest there is.
Only one in bf16 keeps to them."""


@dataclass(frozen=True, slots=True)
class SynthesisConfig:
    """How a sentence is spoken."""

    speaker: int | None
    speed: float
    """2.0 is twice as fast."""
    seed: int


@dataclass(frozen=True, slots=True)
class Latent:
    """A sentence whose timing is known and whose sound can be made, window by window."""

    prior_frames: Float
    """(1, C, F) drawn from the prior."""
    frames: Float | None
    """(1, C, F) what the flow makes of them; None where that is done window by window."""
    feed: Feed
    """What else the flow and the decoder take (a speaker's condition, a mask)."""
    begins: npt.NDArray[np.int64]
    """(P,) the frame at which each phoneme id begins."""

    @property
    def count(self) -> int:
        """F."""
        return int(self.prior_frames.shape[2])


class VitsModel:
    """One pair of files, loaded. Its methods may be called from several threads at once.

    `BadVoice` if the files cannot be used; the message names them.
    """

    def __init__(self, files: VoiceFiles, providers: Sequence[str]) -> None:
        import onnx
        import onnxruntime  # noqa: F401  so that its absence is not taken for a broken file

        config = files.config
        self.sample_rate_hz = config.sample_rate_hz
        self._scales = (config.noise_scale, config.length_scale, config.noise_w)
        try:
            model = onnx.load(files.model)
            parts = split(model)
            del model
            if 2 * parts.context >= _WINDOWS[-1]:
                raise NotVits(f"its decoder looks {parts.context} frames to either side")
            self._text = _graph(parts.text, files, providers)
            self._prior = _graph(parts.prior, files, providers)
            self._flow = _graph(parts.flow, files, providers)
            self._decoder = _graph(parts.sound, files, providers)
            self._decoder_onnx: bytes = parts.sound.SerializeToString()
        except NotVits as error:
            raise BadVoice(f"{files.model}: {error}") from error
        except Exception as error:  # onnx and protobuf raise a dozen kinds
            raise BadVoice(
                f"{files.model} cannot be loaded ({_short(error)}); it may be cut short: "
                "fetch it again, or sonca models verify"
            ) from error
        self._durations, self._prior_frames = parts.durations, parts.prior_frames
        self._latent = parts.latent
        self._channels = parts.channels
        self.hop, self.context = parts.hop, parts.context
        self.flow_context = parts.flow_context
        """Frames the flow looks to either side."""
        self.made_frames = 0
        """How much sound it has made, to know whether it is worth to make it faster."""
        self.providers = self._decoder.providers
        self._check(files)

    def _check(self, files: VoiceFiles) -> None:
        """Checks that the settings belong to this graph: the ids exist, and it speaks."""
        config = files.config
        highest = max(n for ids in config.ids.values() for n in ids)
        try:
            latent = self.encode((highest, 0, highest), SynthesisConfig(0, 1.0, 0))
            self.decode(self.with_flow(latent), 0, latent.count)
        except Exception as error:
            raise BadVoice(
                f"{files.model.name} and {files.config_path.name} do not belong together, or are "
                f"no Piper voice ({_short(error)}); fetch both again"
            ) from error

    def encode(self, ids: Sequence[int], config: SynthesisConfig) -> Latent:
        """Returns the timing and the prior frames of one sentence. `ids` are (P,)."""
        rng = np.random.default_rng([config.seed & 0xFFFFFFFF, zlib.crc32(repr(ids).encode())])
        count = len(ids)
        feed: Feed = {
            "input": np.array([ids], np.int64),  # (1, P)
            "input_lengths": np.array([count], np.int64),
            "scales": np.array(self._scales, np.float32),
            "sid": np.array([config.speaker or 0], np.int64),
            TEXT_NOISE: rng.standard_normal((1, 2, count), np.float32),
        }
        known = {**feed, **_run(self._text, feed)}
        durations = paced(known[self._durations].reshape(-1), config.speed)  # (P,)
        frames = int(durations.sum())
        if not 0 < frames <= _MAX_FRAMES:
            raise EngineError(
                f"the voice makes {frames:,} frames of {count} phonemes; it is broken"
            )
        known[self._durations] = durations.astype(np.float32).reshape(1, 1, count)
        known[FRAME_NOISE] = rng.standard_normal((1, self._channels, frames), np.float32)
        known |= _run(self._prior, known)
        begins = np.concatenate([[0], np.cumsum(durations)[:-1]]).astype(np.int64)
        made_here = {self._prior_frames, self._latent}
        later = (*self._flow.inputs, *self._decoder.inputs)
        feed = {name: known[name] for name in later if name not in made_here}
        return Latent(known[self._prior_frames], None, feed, begins)

    def with_flow(self, latent: Latent) -> Latent:
        """Returns the same with the flow run over all of it at once: cheaper than in windows."""
        return replace(latent, frames=self.flow(latent, 0, latent.count))

    def flow(self, latent: Latent, start: int, stop: int) -> Float:
        """Returns (1, C, stop - start) latent frames, from the prior frames that the flow sees."""
        low = max(0, start - self.flow_context)
        high = min(latent.count, stop + self.flow_context)
        feed = {
            name: value[..., low:high] if value.shape[-1:] == (latent.count,) else value
            for name, value in latent.feed.items()
        }
        frames = _run(self._flow, {**feed, self._prior_frames: latent.prior_frames[:, :, low:high]})
        return np.asarray(frames[self._latent][:, :, start - low : stop - low], np.float32)

    def decode(self, latent: Latent, start: int, stop: int) -> Samples:
        """Returns the samples of the frames from `start` to `stop`, (stop - start) * hop of them.

        Equal to the same part of the whole sentence decoded at once but for rounding, because
        flow and decoder see every frame that these samples depend on.
        """
        most = _WINDOWS[-1] - 2 * self.context
        if stop - start > most:
            pieces = [self.decode(latent, a, min(a + most, stop)) for a in range(start, stop, most)]
            return np.concatenate(pieces)
        decoder = self._decoder  # another thread may replace it
        low, high = max(0, start - self.context), min(latent.count, stop + self.context)
        if isinstance(decoder, Bfloat16Graph) and high == latent.count:
            # Filled up with zeros at the end, the window would not end as the sentence does.
            low = max(0, high - next(size for size in _WINDOWS if size >= high - low))
        if latent.frames is None:
            window = self.flow(latent, low, high)
        else:
            window = latent.frames[:, :, low:high]
        (sound,) = _run(decoder, {**latent.feed, self._latent: window}).values()
        samples = np.asarray(sound, np.float32).reshape(-1)
        if len(samples) != (high - low) * self.hop:
            raise EngineError(
                f"the decoder made {len(samples)} samples of {high - low} frames, "
                f"not {self.hop} a frame; the voice is not one that we can read"
            )
        self.made_frames += stop - start
        return samples[(start - low) * self.hop : (stop - low) * self.hop]

    def in_bfloat16(self, streams: int, stop: Callable[[], bool] = lambda: False) -> VitsModel:
        """Returns the same voice with its decoder in bf16; it shares the rest. Takes a second.

        `streams` of its runs go on at once. `stop` is asked whether to leave off. The flow stays
        in float32: an error 48 dB below the latent frames moves phases, and leaves 28 dB and less
        in the sound.
        """
        graph = Bfloat16Graph(
            self._decoder_onnx,
            name=self._decoder.name,
            streams=streams,
            lengths=Lengths(self._decoder_shapes(), _WINDOWS),
            stop=stop,
        )
        faster = copy.copy(self)
        faster._decoder = graph
        return faster

    def become(self, faster: VitsModel) -> None:
        """Decodes as another does from now on; what is at work ends as it began."""
        self._decoder = faster._decoder

    def _decoder_shapes(self) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of what the decoder takes, -1 for the number of frames."""
        given = self.encode((0,) * 8, SynthesisConfig(0, 1.0, 0)).feed
        inputs = self._decoder.inputs
        shapes = {name: value.shape for name, value in given.items() if name in inputs}
        return {self._latent: (1, self._channels, -1), **shapes}


def paced(durations: Float, speed: float) -> npt.NDArray[np.int64]:
    """Returns (P,) the frames of each phoneme at a speed; the sum is exact to half a frame.

    Asking the graph for another length_scale would round every phoneme up, and speech at
    double speed would take 0.6 of the time instead of half.
    """
    if speed == 1.0:
        return np.rint(durations).astype(np.int64)
    ends = np.rint(np.cumsum(durations.astype(np.float64)) / speed)
    return np.diff(ends, prepend=0).astype(np.int64)


def _graph(part: Any, files: VoiceFiles, providers: Sequence[str]) -> Graph:
    return open_graph(part.SerializeToString(), name=files.model.name, providers=providers)


def _run(graph: Graph, known: Mapping[str, Any]) -> Feed:
    """Runs a graph on those of the known tensors that it takes."""
    return dict(zip(graph.outputs, graph.run({n: known[n] for n in graph.inputs}), strict=True))


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
