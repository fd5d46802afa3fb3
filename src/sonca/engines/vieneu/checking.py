"""Whether a folder holds a model that can be used: every file is opened once, before it is kept."""

from __future__ import annotations

from sonca.engines.moss_codec import MossDecoder, MossEncoder
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.config import FRAME_SAMPLES, SAMPLE_RATE_HZ, ModelConfig
from sonca.engines.vieneu.denoiser import Denoiser
from sonca.engines.vieneu.heads import Heads
from sonca.engines.vieneu.model import SerialModel
from sonca.engines.vieneu.model_folder import DENOISER, ModelFolder
from sonca.engines.vieneu.presets import Preset, read_presets
from sonca.engines.vieneu.reference import open_speaker_encoder
from sonca.engines.vieneu.tokens import Tokens


def check(folder: ModelFolder) -> None:
    """Raises `BadModel`, which names the file and what differs, if a part cannot be used."""
    model = SerialModel(folder)
    Tokens(folder.graphs / "tokenizer.json", model.config)
    check_codec(MossDecoder(folder.codec), model.config)
    MossEncoder(folder.codec)
    open_speaker_encoder(folder.path)
    if (folder.path / DENOISER).is_file():
        Denoiser(folder.path / DENOISER)
    for preset in read_presets(folder.path).values():
        check_preset(preset, model.heads)


def check_codec(codec: MossDecoder, config: ModelConfig) -> None:
    """Raises `BadModel` if a codec does not belong to the model."""
    found = codec.codebooks, codec.frame_samples, codec.sample_rate_hz
    wanted = config.codebooks, FRAME_SAMPLES, SAMPLE_RATE_HZ
    if found != wanted:
        raise BadModel(
            "the codec has {} codebooks and gives {} samples a frame at {} Hz; ".format(*found)
            + "the model needs {}, {} and {}: take the one that belongs to it".format(*wanted)
        )


def check_preset(preset: Preset, heads: Heads) -> None:
    """Raises `BadModel` if a voice is not of the model."""
    codes, c = preset.codes, heads.config
    if codes.size and (codes.shape[1] != c.codebooks or codes.max() >= c.audio_vocab):
        raise BadModel(
            f"the voice {preset.voice.id} has codes of {codes.shape[1]} codebooks up to "
            f"{codes.max()}, the model has {c.codebooks} of {c.audio_vocab}: the two are not of "
            "one release"
        )
    heads.anchor(preset.speaker)
