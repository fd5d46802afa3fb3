"""The gaps of a stream while others bring a voice that the engine has not spoken in yet."""

from __future__ import annotations

import json
import secrets
import time
from http.client import HTTPException
from typing import Any

import numpy as np

from benchmarks.neighbours.callers import WITHIN_S, Stream, good
from benchmarks.neighbours.figures import pair
from benchmarks.neighbours.plan import Plan, Say, Servers
from sonca.bench.client import ask, stream
from sonca.bench.corpus import LINES, of_length
from sonca.bench.direct_call import wav
from sonca.bench.livez_probe import Probes
from sonca.engines import batched
from sonca.errors import SoncaError

_RATE_HZ = 16_000
_RECORDING_S = 3.0


def newcomers(servers: Servers, plan: Plan, say: Say) -> dict[str, Any]:
    """Measures a stream that is read as fast as it comes, while a recording is cloned, and while a
    voice of the engine's own is loaded slowly."""
    say(f"a stream while voices are made that cost {plan.voice_s:g} s each")
    with servers.batched(slots=batched.SLOTS, voice_s=plan.voice_s) as server:
        clones = [_uploaded(server.port, n) for n in range(plan.newcomers)]
        with Stream(server.port, of_length(30_000)) as listener:
            alone = listener.gaps_while(lambda: time.sleep(plan.alone_s))
            cloned, own = Visits(server.port, listener), Visits(server.port, listener)
            for voice in clones:
                cloned.come(voice)
            own.come("murmur")
    return {
        "voice_s": plan.voice_s,
        "cloned_first_audio_s": cloned.first_audio_s,
        "own_first_audio_s": own.first_audio_s,
        "measured": {
            "cloned": pair(Probes(alone), cloned.gaps),
            "own_voice": pair(Probes(alone), own.gaps),
        },
    }


class Visits:
    """Newcomers of one kind, one after another, and the stream's gaps meanwhile."""

    def __init__(self, port: int, listener: Stream) -> None:
        self._port = port
        self._listener = listener
        self.gaps = Probes()
        self.first_audio_s: list[float] = []

    def come(self, voice: str) -> None:
        """Has one caller ask for a sentence in `voice`."""
        self.gaps.latencies_s += self._listener.gaps_while(lambda: self._speak(voice))

    def _speak(self, voice: str) -> None:
        text = LINES[len(self.first_audio_s) % len(LINES)]
        try:
            reply = stream(self._port, text, voice=voice, timeout_s=WITHIN_S)
            self.first_audio_s.append(reply.first_audio_s)
        except (SoncaError, OSError, HTTPException):
            self.gaps.refused += 1


def _uploaded(port: int, seed: int) -> str:
    """The voice of a recording that nobody has sent before."""
    body, kind = form("file", "voice.wav", recording(seed))
    _, _, answer = good(ask(port, "POST", "/v1/audio/voices", body, kind))
    return str(json.loads(answer)["id"])


def recording(seed: int) -> bytes:
    """Returns a WAV of a few seconds that no other seed has: a tone in noise."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(_RECORDING_S * _RATE_HZ)) / _RATE_HZ
    sound = 0.2 * np.sin(2 * np.pi * (120 + seed) * time_s) + rng.normal(0, 0.01, len(time_s))
    return wav(sound.astype(np.float32), _RATE_HZ)


def form(field: str, name: str, data: bytes) -> tuple[bytes, str]:
    """Returns the body of a form with one file, and its content type."""
    border = secrets.token_hex(16)
    head = (
        f'--{border}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n"
    )
    body = head.encode() + data + f"\r\n--{border}--\r\n".encode()
    return body, f"multipart/form-data; boundary={border}"
