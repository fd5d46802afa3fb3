"""What is found out once about a model that comes, and kept beside its files: how loud its voices
are, and whether bf16 is near enough."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from sonca.audio import Samples
from sonca.cores import cores
from sonca.engines.base import Options
from sonca.engines.kokoro import model_folder
from sonca.engines.kokoro.front_end import FrontEnd
from sonca.engines.kokoro.kokoro_model import SAMPLE_RATE_HZ, KokoroModel, Precision
from sonca.engines.kokoro.model_folder import VoiceFile
from sonca.engines.kokoro.speaking import SpeakerPack, plan, sounding
from sonca.engines.kokoro.voice_packs import read_pack
from sonca.engines.runtime import BadModel, bfloat16
from sonca.engines.runtime.accuracy import snr_db
from sonca.loudness import loudness
from sonca.utterance import Utterance

_SAMPLES = {
    "vi": (
        "chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài.",
        "bà đứng ở hiên nhà nhìn ra con đường làng.",
    ),
    "": (
        "the wind rose in the afternoon, and clouds came down from the hills in long bands.",
        "she stood at the window and looked down the road.",
    ),
}


def calibrate(folder: Path, models_dir: Path, say: Callable[[str], None]) -> None:
    """Measures a model and its voices, and keeps that beside its files."""
    found = model_folder.find_voices(models_dir).values()
    files = [file for file in found if file.model == folder]
    model, levels = KokoroModel(folder, cores()), {}
    for file in files:
        say(f"measuring {file.name}")
        voice = SpeakerPack(file, model, read_pack(file.path, file.name))
        levels[file.name] = level_of(voice)
    model_folder.keep(folder, {name: n for name, n in levels.items() if math.isfinite(n)})
    if files and bfloat16.missing() is None:
        say("measuring bf16")
        _calibrate_bf16(files[0], model, say)


def level_of(voice: SpeakerPack) -> float:
    """Returns how loud a voice is, in LUFS."""
    sounds = [sound[slice(*sounding(sound))] for sound in _spoken(voice)]
    return round(loudness(np.concatenate(sounds), SAMPLE_RATE_HZ), 2)


def _calibrate_bf16(file: VoiceFile, published: KokoroModel, say: Callable[[str], None]) -> None:
    """Puts down that a model may be computed in bf16: it is 35 dB or more from float32, or nearer
    to it than the published graph is, whose int8 is coarser."""
    pack = read_pack(file.path, file.name)

    def spoken(precision: Precision) -> list[Samples]:
        return _spoken(SpeakerPack(file, KokoroModel(file.model, cores(), precision), pack))

    try:
        exact, fast = spoken("float32"), spoken("bf16")
    except BadModel as error:
        say(str(error))
        return
    own = _spoken(SpeakerPack(file, published, pack)) if published.quantized else exact
    figures = {"snr_db": _least_snr_db(exact, fast), "published_snr_db": _least_snr_db(exact, own)}
    if figures["snr_db"] >= min(bfloat16.LEAST_SNR_DB, figures["published_snr_db"]):
        finite = {name: round(n, 1) for name, n in figures.items() if math.isfinite(n)}
        model_folder.keep_bf16(file.model, finite)
    else:
        say(f"bf16 is {figures['snr_db']:.1f} dB from float32, too far: it stays as published")


def _spoken(voice: SpeakerPack) -> list[Samples]:
    """Returns two sentences, silence at the ends and all."""
    texts = _SAMPLES.get(voice.file.language, _SAMPLES[""])
    made = []
    with closing(FrontEnd()) as front_end:
        for text in texts:
            for piece in plan(front_end, Utterance((0, 0), "", text, 0.0), voice, Options()):
                made.append(voice.model.speak(piece.tokens, voice.pack, 1.0))
    return made or [np.zeros(0, np.float32)]


def _least_snr_db(wanted: list[Samples], made: list[Samples]) -> float:
    """Returns the least SNR of some pieces, in dB."""
    return min(snr_db(one, other) for one, other in zip(wanted, made, strict=True))
