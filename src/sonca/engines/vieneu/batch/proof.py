"""Proves that our networks compute what the published graphs compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from sonca.engines.runtime import BadModel, open_graph
from sonca.engines.vieneu.batch.decoder import BatchDecoder
from sonca.engines.vieneu.batch.networks import Networks
from sonca.engines.vieneu.heads import Heads

LEAST_DB = {"f32": 60.0, "bf16": 20.0}
"""Signal to noise. Weights that are mixed up give less than 5, bf16 about 35."""
_INT8_DB = 20.0
"""Of the acoustic model, whose published graph computes in int8: it is less exact than ours."""
PHONEMES, FRAMES = 24, 8


def prove(networks: Networks, heads: Heads, prefill: Path, acoustic: Path, threads: int) -> None:
    """Compares both networks with the published ones on one made-up prompt. Raises `BadModel`,
    which names the network and its distance."""
    generator = np.random.default_rng(0)
    c = heads.config
    prompt = heads.prompt(
        [int(n) for n in generator.integers(0, c.text_vocab, PHONEMES)],
        generator.integers(0, c.audio_vocab, (FRAMES, c.codebooks)),
        heads.anchor(generator.standard_normal(c.speaker_dim, np.float32)),
    )
    ours, first = _ours(networks, heads, prompt)
    (theirs, *_) = open_graph(prefill, threads=threads).run({"inputs_embeds": prompt})
    least = LEAST_DB[networks.precision]
    _compare("language model", ours, theirs[0, -1], least)
    graph = open_graph(acoustic, threads=threads)
    token = np.stack([ours, heads.text[networks.shape.speech_start]])[None]
    feed = {"token_emb": token, "position_ids": np.array([[0, 1]], np.int64)}
    size = networks.shape.width // networks.shape.local_heads
    none = np.zeros((1, networks.shape.local_heads, 0, size), np.float32)
    feed |= {name: none for name in graph.inputs if name.startswith("past_")}
    (theirs, *_) = graph.run(feed)
    _compare("acoustic model", first, theirs[0], min(least, _INT8_DB))


def _ours(
    networks: Networks, heads: Heads, prompt: npt.NDArray[np.float32]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns the state after the prompt (D,), and the acoustic model's first two rows (2, D)."""
    decoder = BatchDecoder(networks, heads, 1)
    generator = np.random.default_rng(0)
    anchor = np.zeros(networks.shape.width, np.float32)
    decoder.start(0, prompt, anchor, lambda: generator.random(networks.shape.codes), 1)
    decoder.read()
    state = decoder.rows[0].hidden.copy()
    decoder.step()
    return state, networks.frame.output("first")[0].copy()


def _compare(what: str, ours: npt.NDArray[np.float32], theirs: object, least: float) -> None:
    signal = np.asarray(theirs, np.float64)
    noise = float(np.square(ours - signal).mean())
    db = 10 * np.log10(float(np.square(signal).mean()) / max(noise, 1e-30))
    if not db >= least:
        raise BadModel(
            f"the {what} computes something else than the published graph ({db:.1f} dB, at least "
            f"{least:.0f} are needed): it is of another release, or built in another way than is "
            "known"
        )
