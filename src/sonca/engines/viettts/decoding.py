"""The language model's running batch: sentences that join, get a token each step, and end.

Knows nothing of the flow, of sound and of events; what goes wrong is raised.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection

import numpy as np

from sonca.engines.viettts import sampling
from sonca.engines.viettts.arrays import Ids
from sonca.engines.viettts.backends.base import Backend
from sonca.engines.viettts.runtime_config import Limits
from sonca.engines.viettts.sentence import Sentence
from sonca.errors import EngineError

_log = logging.getLogger(__name__)

AHEAD = 2
"""Sentences that wait for the flow when no more are begun: they would be ready long before their
turn, and the more are begun together, the less each costs."""
MAX_TEXT_IDS = 2000
"""Far more than any sentence; the attention over the text grows with its square."""


class DecodeBatch:
    """The language model's side of a session, which says what sentences there are."""

    def __init__(self, backend: Backend, limits: Limits) -> None:
        self.config, self.limits = backend.config.llm, limits
        self.decoder = backend.decoder()

    def next_to_start(self, sentences: Collection[Sentence]) -> Sentence | None:
        """Returns the sentence to begin now, or to begin again after an attempt that did not
        end; None if there is none, or enough of its kind wait for the flow."""
        ready = Counter(s.awaited for s in sentences if s.pieces)
        for sentence in sentences:
            if sentence.logits is not None or sentence.ended:
                continue
            at_once = sentence.options.first or sentence.attempt
            if at_once or ready[sentence.awaited] < AHEAD:
                return sentence
        return None

    def start(self, sentence: Sentence) -> None:
        """Takes a sentence into the batch. Its text is read at once, which costs a few steps."""
        seed = sentence.options.seed
        sentence.generator = np.random.default_rng([seed, 0, sentence.attempt])
        if not len(sentence.text):
            raise EngineError("the sentence has no text for the model")
        if len(sentence.text) > MAX_TEXT_IDS:
            raise EngineError(
                f"a sentence of {len(sentence.text)} text tokens; {MAX_TEXT_IDS} is the limit: "
                "split it"
            )
        generated = np.array(sentence.tokens, np.int64)
        sentence.logits = self.decoder.start(sentence.id, sentence.text, sentence.voice, generated)

    def drop(self, id: int) -> None:
        self.decoder.drop(id)

    def step(self, sentences: Collection[Sentence]) -> None:
        """Draws one more token for every sentence that still speaks."""
        running = {s.id: s for s in sentences if s.logits is not None}
        if not running:
            return
        chosen = self.choose(list(running.values()))
        for sentence, token in zip(running.values(), chosen, strict=True):
            if token == self.config.speech_vocab or len(sentence.tokens) >= sentence.max_tokens:
                self._end(sentence, natural=token == self.config.speech_vocab)
            else:
                sentence.tokens.append(int(token))
            while piece := sentence.planner.next(len(sentence.tokens), sentence.ended):
                sentence.pieces.append(piece)
        going = {s.id: s.tokens[-1] for s in running.values() if s.logits is not None}
        if going:
            for id, logits in self.decoder.step(going).items():
                running[id].logits = logits

    def choose(self, running: list[Sentence]) -> Ids:
        """Returns the next token of each, `speech_vocab` for the end."""
        rule = self.config.sampling
        logits = np.stack([s.logits for s in running if s.logits is not None])
        recent = np.full((len(running), max(1, rule.window)), -1, np.int64)
        for row, sentence in zip(recent, running, strict=True):
            last = sentence.tokens[-rule.window :]
            row[: len(last)] = last
        allowed = np.array([len(s.tokens) >= s.min_tokens for s in running])
        return sampling.draw(logits, recent, allowed, [s.generator for s in running], rule)

    def _end(self, sentence: Sentence, natural: bool) -> None:
        """Ends a run: by itself, or cut because it does not end."""
        self.decoder.drop(sentence.id)
        sentence.logits = None
        if natural or self.limits.forced_tokens is not None:
            sentence.ended = True
            return
        sentence.attempt += 1
        if sentence.attempt < self.limits.attempts:
            # What was heard stays; the rest is said again with other random numbers.
            del sentence.tokens[sentence.planner.handed_out :]
            return
        _log.warning(
            "a sentence did not end in %d attempts of %d tokens; it is cut there",
            self.limits.attempts,
            sentence.max_tokens,
        )
        sentence.ended = True
