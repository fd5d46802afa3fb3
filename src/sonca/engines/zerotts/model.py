"""A loaded ZeroTTS: its graphs, and hidden states to frames of 16 codes, of one sentence or several
side by side.

Knows no sound and no queue; what is remembered of a sentence is `prefix`'s business.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.engines.moss_codec import MossDecoder
from sonca.engines.runtime import BadModel, Graph, open_graph
from sonca.engines.zerotts.model_folder import ModelConfig, read_config
from sonca.engines.zerotts.text import TextIds
from sonca.errors import EngineError, SoncaError

log = logging.getLogger(__name__)

Float = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Draw = Callable[[int], npt.ArrayLike]
"""Returns so many numbers in [0, 1)."""

MIN_FRAMES = 4
"""No sentence ends before."""
ROWS = 4
"""Sentences whose frames are drawn at once."""
ASKED_BEFORE_LOADED = 50
"""Frames in company before the graph for several is loaded: a few sentences are over sooner."""
OWN = ("global_hidden", "forbid_eoa", "seen_mask", "ctrl_random_u", "audio_random_u")
"""Inputs of the frame's graph that each sentence has of its own."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How codes are drawn. The package's own values, with which it was measured."""

    text_temperature: float = 1.0
    text_top_k: int = 50
    temperature: float = 0.8
    top_k: int = 25
    top_p: float = 0.95
    repetition_penalty: float = 1.2


@dataclass(frozen=True, slots=True)
class FrameWanted:
    """What a sentence's next frame is drawn from."""

    hidden: Float
    """(width,), from `prefix.Prefix`."""
    seen: Bools
    """(1, 16, codebook size), the codes drawn so far."""
    draw: Draw
    """Gives one number for the end, then one for each code."""
    may_end: bool
    """False where the sentence must go on."""


class LaterGraph:
    """A graph that is loaded beside the work, once it has been asked for often enough."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path, self._threads = path, threads
        self._graph: Graph | None = None
        self._asked = 0
        self._asking = threading.Lock()  # sessions of several threads may share a model

    def get(self) -> Graph | None:
        """Returns the graph; None as long as it is not there."""
        with self._asking:
            self._asked += 1
            now = self._asked == ASKED_BEFORE_LOADED
        if now:
            # Not a daemon: a process that ends while the runtime loads would be aborted.
            threading.Thread(target=self.load, name="sonca-zerotts-graph").start()
        return self._graph

    def load(self) -> None:
        """Loads it now. One that cannot be is logged."""
        self._asked = ASKED_BEFORE_LOADED
        try:
            self._graph = open_graph(self._path, threads=self._threads)
        except SoncaError as error:
            log.warning("sentences are made one after the other: %s", error)


class ZeroModel:
    """The graphs of a model folder. May be used from several threads."""

    def __init__(
        self,
        folder: Path,
        threads: int,
        int8: Path | None = None,
        together: Path | None = None,
        sampling: Sampling | None = None,
    ) -> None:
        """Loads everything; what runs for each frame from the folder `int8`, if given. The graph
        `together` draws the frames of `ROWS` sentences at once; it is loaded when there are
        several. Raises `BadModel` with the file and the input that differs."""
        self.config = read_config(folder)
        self.text_ids = TextIds(folder / "tokenizer.json")
        graphs = folder / "onnx"
        self.text_encoder = open_graph(graphs / "text_encoder.onnx", threads=threads)
        quick = int8 or graphs
        self.prefix_step = open_graph(quick / "prefix_step.onnx", threads=threads)
        self.local = open_graph(quick / "local_frame_decode.onnx", threads=threads)
        self.codec = MossDecoder(graphs / "codec", threads)
        _expect(self)
        self._given = _given(sampling or Sampling())
        self._together = LaterGraph(together, threads) if together else None
        self._try_vocabulary(folder)

    def drawing(self, together: Path) -> ZeroModel:
        """Returns the same model, which draws several frames at once with the graph `together`,
        loaded now."""
        other = copy.copy(self)
        other._together = LaterGraph(together, 1)
        other._together.load()
        return other

    def _try_vocabulary(self, folder: Path) -> None:
        """Has the graph read the last id of the tokenizer: one of another model it has not."""
        try:
            self.read(np.array([self.text_ids.size - 1], np.int64))
        except EngineError as error:
            raise BadModel(
                f"{folder / 'tokenizer.json'} has {self.text_ids.size} ids, more than "
                f"text_encoder.onnx knows; it is the tokenizer of another model ({error})"
            ) from error

    def read(self, ids: Ints) -> tuple[Bools, Float, Float]:
        """Returns of text ids (L,): what is valid (1, L), the embedding that begins the speech
        (1, 1, width), and keys and values (layers, 2, 1, heads, L, head)."""
        feed = {"text_ids": ids[None], "txt_lengths": np.array([len(ids)], np.int64)}
        _, valid, begin, cross = self.text_encoder.run(feed)
        return valid, begin, cross

    def frames(self, wanted: Sequence[FrameWanted]) -> list[tuple[Ints, bool]]:
        """Returns of each sentence its next frame (16,), and whether that is the last one. The
        codes are marked in `FrameWanted.seen`."""
        together = self._together.get() if self._together and len(wanted) > 1 else None
        made = [self._frame(each) for each in wanted] if together is None else []
        while together is not None and len(made) < len(wanted):
            made += self._frames(together, wanted[len(made) : len(made) + ROWS])
        books = np.arange(self.config.codebooks)
        for each, (codes, _) in zip(wanted, made, strict=True):
            each.seen[0, books, codes] = True
        return made

    def _frame(self, wanted: FrameWanted) -> tuple[Ints, bool]:
        ends, codes = self.local.run({**_feed([wanted], self.config.codebooks), **self._given})
        return codes[0].astype(np.int64), bool(ends.reshape(-1)[0])

    def _frames(self, graph: Graph, wanted: Sequence[FrameWanted]) -> list[tuple[Ints, bool]]:
        feed = _feed(wanted, self.config.codebooks)
        missing = ROWS - len(wanted)
        if missing:
            feed = {name: np.concatenate([v, v[:1].repeat(missing, 0)]) for name, v in feed.items()}
        ends, codes = graph.run({**feed, **self._given})
        return [(codes[n].astype(np.int64), bool(ends[n])) for n in range(len(wanted))]


def _feed(wanted: Sequence[FrameWanted], codebooks: int) -> dict[str, npt.NDArray[Any]]:
    """Returns the inputs of the frame's graph that each sentence has of its own."""
    draws = [(each.draw(1), each.draw(codebooks)) for each in wanted]
    return {
        "global_hidden": np.stack([each.hidden for each in wanted]),
        "forbid_eoa": np.array([not each.may_end for each in wanted]),
        "seen_mask": np.concatenate([each.seen for each in wanted]),
        "ctrl_random_u": np.array([end for end, _ in draws], np.float32).reshape(-1),
        "audio_random_u": np.array([codes for _, codes in draws], np.float32),
    }


def _given(sampling: Sampling) -> dict[str, Any]:
    """Returns the inputs of the frame's graph that are always the same."""
    return {
        "text_temperature": np.array([sampling.text_temperature], np.float32),
        "text_topk": np.array([sampling.text_top_k], np.int64),
        "audio_temperature": np.array([sampling.temperature], np.float32),
        "audio_topk": np.array([sampling.top_k], np.int64),
        "audio_topp": np.array([sampling.top_p], np.float32),
        "audio_repetition_penalty": np.array([sampling.repetition_penalty], np.float32),
        "cfg_scale": np.array([1.0], np.float32),
    }


def _expect(model: ZeroModel) -> None:
    """Raises `BadModel` if a graph is not the one that the settings describe."""
    c: ModelConfig = model.config
    memory = (c.layers, 2, None, c.heads, None, c.head)
    model.text_encoder.expect({"text_ids": ("int64", 2), "txt_lengths": ("int64", 1)})
    model.prefix_step.expect(
        {
            "external_embed": ("float32", (None, None, c.width)),
            "use_external_embed": ("bool", 2),
            "frame_codes": ("int64", (None, None, c.codebooks)),
            "new_pos": ("int64", 2),
            "new_valid": ("bool", 2),
            "packed_kv": ("float32", memory),
            "past_valid": ("bool", 2),
            "cross_kv": ("float32", memory),
            "new_bidirectional": ("bool", 2),
            "text_valid": ("bool", 2),
        }
    )
    floats = ("text_temperature", "audio_temperature", "audio_topp", "audio_repetition_penalty")
    model.local.expect(
        {
            "global_hidden": ("float32", (None, c.width)),
            "forbid_eoa": ("bool", 1),
            **dict.fromkeys((*floats, "ctrl_random_u", "cfg_scale"), ("float32", 1)),
            **dict.fromkeys(("text_topk", "audio_topk"), ("int64", 1)),
            "seen_mask": ("bool", (None, c.codebooks, c.codebook_size)),
            "audio_random_u": ("float32", (None, c.codebooks)),
        }
    )
    # Their names differ between exports; the package, too, takes them by their order.
    for graph, kinds in (
        (model.text_encoder, ("float32", "bool", "float32", "float32")),
        (model.prefix_step, ("float32", "float32", "bool")),
        (model.local, ("bool", "int64")),
    ):
        _expect_outputs(graph, kinds)
    if model.codec.codebooks != c.codebooks or model.codec.sample_rate_hz != c.sample_rate_hz:
        raise BadModel(
            f"the codec makes {model.codec.sample_rate_hz} Hz of {model.codec.codebooks} codes and "
            f"config.json says {c.sample_rate_hz} Hz of {c.codebooks}; it is of another model"
        )


def _expect_outputs(graph: Graph, kinds: tuple[str, ...]) -> None:
    found = tuple(spec.dtype.name for spec in graph.outputs.values())
    if found != kinds:
        given = ", ".join(f"{name} {spec}" for name, spec in graph.outputs.items())
        raise BadModel(
            f"{graph.name} is not the graph that is needed: its outputs are {given}, they must be "
            f"of {', '.join(kinds)}; it may be of another export: fetch the pinned one"
        )
