"""Brings voices that are much used to bf16, beside everything else.

Compiling takes a second or two of one core, which pay after a minute or two of sound, and
nobody's first sound waits for them: a voice speaks in float32 until all is there, and for good if
bf16 is not near enough.
"""

from __future__ import annotations

import logging
import queue
import threading
import weakref

from sonca import background
from sonca.engines.piper.calibration import near_enough
from sonca.engines.piper.tasks import SpeakerVoice
from sonca.engines.piper.vits_model import VitsModel

log = logging.getLogger(__name__)

WORTH_S = 10.0
"""Seconds of sound after which a voice is taken to be in use."""
MOST_STREAMS = 8
"""Runs of a voice in bf16 at once; each takes some 50 MB. More threads than that find other work,
the text."""


class Bf16Upgrade:
    """The thread that compiles, one voice after another. `consider` and `close` are the owner's."""

    def __init__(self, streams: int) -> None:
        self._streams = streams
        self._waiting: queue.Queue[SpeakerVoice | None] = queue.Queue()
        self._known: weakref.WeakSet[VitsModel] = weakref.WeakSet()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def idle(self) -> bool:
        """Whether every voice that was considered worth it has been brought, or left."""
        return self._waiting.unfinished_tasks == 0

    def consider(self, voice: SpeakerVoice) -> None:
        """Lets a voice be brought to bf16 if it has made enough sound, and was not yet."""
        model = voice.model
        worth = WORTH_S * model.sample_rate_hz / model.hop
        if model.made_frames < worth or model in self._known:
            return
        self._known.add(model)
        self._waiting.put(voice)
        if self._thread is None:
            self._thread = background.start(self._work, "sonca-piper-bf16")

    def close(self) -> None:
        """Stops; what is being compiled is waited for."""
        self._stopped.set()
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        while (voice := self._waiting.get()) is not None:
            try:
                self._bring(voice)
            except Exception as error:  # the runtime's, or a graph's that is like no other
                log.warning(
                    "%s stays in float32: %s", voice.files.stem, " ".join(str(error).split())[:300]
                )
            del voice  # or it would stay loaded until the next one comes
            self._waiting.task_done()

    def _bring(self, voice: SpeakerVoice) -> None:
        faster = voice.model.in_bfloat16(self._streams, self._stopped.is_set)
        if self._stopped.is_set():
            return
        if near_enough(voice.files, voice.model, faster) and not self._stopped.is_set():
            voice.model.become(faster)
            log.info("%s speaks in bf16 now", voice.files.stem)
        else:
            log.warning("%s stays in float32: bf16 is not near enough", voice.files.stem)
