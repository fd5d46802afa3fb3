"""The bodies that requests may have. What depends on engines and voices is checked later."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)

from sonca.encoding.formats import FormatName
from sonca.server.recordings import Recordings
from sonca.synthesizer import SpeechRequest
from sonca.text import Lexicon
from sonca.utterance import Priority

DEFAULT_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
"""OpenAI's names, which stand for the default engine."""
WHOLE_CHARS = 1000
"""A WAV of a text up to this long is sent whole, where it is made at once."""


def engine_of(model: str | None) -> str | None:
    """Returns the engine that a model's name asks for, None for the default one."""
    name = (model or "").strip()
    return None if not name or name.lower() in DEFAULT_MODELS else name


def _whole_characters(value: str) -> str:
    """Refuses half a surrogate pair (``"\\ud800"``), which JSON can hold and no text does."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"half a surrogate pair (\\u{ord(value[error.start]):x}) at character {error.start}; "
            "send valid Unicode"
        ) from None
    return value


Text = Annotated[str, AfterValidator(_whole_characters)]
Speed = Annotated[
    float, Field(ge=0.5, le=2.0, allow_inf_nan=False, description="2.0 is twice as fast.")
]
Name = Annotated[Text, Field(max_length=200)]

MAX_EXPIRY_HOURS = 24.0 * 365
MAX_LEXICON_CHARS = 200_000


class OwnReadings(BaseModel):
    """What every request for speech may carry."""

    lexicon: Text | None = Field(
        None,
        max_length=MAX_LEXICON_CHARS,
        description="Sonca's addition: readings of your own, a line each: word, tab, reading.",
    )
    lexicon_format: Literal["tsv", "toml"] = "tsv"

    def own_readings(self) -> Lexicon | None:
        """Reads the lexicon. `InvalidRequest` names a bad line."""
        if not self.lexicon:
            return None
        return Lexicon.parse(self.lexicon, self.lexicon_format)


MAX_SEED = 2**32 - 1


class Seeded(BaseModel):
    """What a request for speech may say to get the same sound again."""

    seed: int | None = Field(
        None,
        ge=0,
        le=MAX_SEED,
        description="Sonca's addition, for engines that draw at random: another number, another "
        "way of saying it; the same number, the same sound (`X-Recipe` tells all that decides it). "
        "None is 0.",
    )


class Verified(BaseModel):
    """What a request for speech may say to have it listened to."""

    verify: bool | None = Field(
        None,
        description="Sonca's addition: listen to each sentence before it is sent, and make it "
        "again where words are missing, doubled or others. Sound comes by the sentence. Needs a "
        "recogniser (`sonca models pull zipformer-vi`).",
    )


class SynthesizeBody(OwnReadings, Seeded, Verified):
    """``POST /api/tts/synthesize``. Unknown fields are ignored, as VietTTS's server did."""

    model_config = ConfigDict(frozen=True)

    text: Text = Field(description="What to say.", examples=["Xin chào các bạn."])
    model: Name | None = Field(None, description="An engine's name; none for the default.")
    voice: Name | None = Field(None, description="A voice's name or alias.")
    voice_file: Annotated[Text, Field(max_length=1000)] | None = Field(
        None, description="An uploaded recording's id, or a file of the voices folder, to clone."
    )
    speed: Speed | None = Field(None, description="0.5 to 2.0; none is 1.0.")
    batch_chunks: bool | int | None = Field(
        None, description="Accepted for old clients; sentences are always batched as they can be."
    )
    store: bool | None = Field(True, description="Whether to keep the audio for a later GET.")
    expiry_hours: float | None = Field(
        None,
        gt=0,
        le=MAX_EXPIRY_HOURS,
        allow_inf_nan=False,
        description="How long to keep it; none is the server's setting, 2 by default.",
    )
    return_audio: bool | None = Field(True, description="The WAV, or JSON about it.")

    @property
    def priority(self) -> Priority:
        """Who waits for the sound: a short WAV is heard as a whole."""
        is_whole = self.return_audio is False or len(self.text) <= WHOLE_CHARS
        return Priority.FILE if is_whole else Priority.REALTIME

    def speech_request(self, recordings: Recordings) -> SpeechRequest:
        """Returns what is asked for. Reads files: not on the event loop."""
        reference = recordings.find(self.voice, self.voice_file)
        return SpeechRequest(
            text=self.text,
            voice=None if reference else self.voice,
            engine=engine_of(self.model),
            speed=self.speed or 1.0,
            seed=self.seed or 0,
            reference=reference,
            priority=self.priority,
            lexicon=self.own_readings(),
            verify=bool(self.verify),
        )


class ModelInfoBody(BaseModel):
    """``POST /api/tts/model/info``."""

    model_config = ConfigDict(frozen=True)

    model: Name | None = Field(None, description="An engine's name; none for the default.")


class VoiceId(BaseModel):
    """A voice as OpenAI's object form."""

    model_config = ConfigDict(frozen=True)

    id: Name


class SpeechBody(OwnReadings, Seeded, Verified):
    """``POST /v1/audio/speech``, as OpenAI's, with `marks` added."""

    model_config = ConfigDict(frozen=True)

    model: Name = Field(
        "tts-1",
        description="An engine's name, or tts-1, tts-1-hd, gpt-4o-mini-tts for the default one.",
    )
    input: Text = Field(description="What to say.", examples=["Xin chào các bạn."])
    voice: Name | VoiceId | None = Field(
        None, description="A voice's name or alias, OpenAI's names, or an uploaded recording's id."
    )
    response_format: FormatName = Field(
        "mp3",
        description="`pcm` is 24,000 Hz, 16-bit little-endian, one channel; the others have the "
        "engine's rate, or the next one they know (`X-Sample-Rate`).",
    )
    speed: Speed = Field(1.0)
    instructions: Text | None = Field(
        None, description="Accepted for OpenAI's clients; no engine here follows instructions."
    )
    stream_format: Literal["audio", "sse"] = "audio"
    marks: bool = Field(
        False,
        description="Sonca's addition, with `stream_format: sse`: each delta event has `time_s`, "
        "the time of its first sample, and `marks`, a list of {kind: sentence | word, time_s, "
        "start, end}, where start and end count code points of the input.",
    )

    @field_validator("*", mode="before")
    @classmethod
    def _null_is_none_given(cls, value: object, info: ValidationInfo) -> object:
        """Takes null for left out, as clients in languages without optional fields send it."""
        field = cls.model_fields[info.field_name or ""]
        return field.default if value is None and not field.is_required() else value

    @property
    def voice_name(self) -> str | None:
        """The voice asked for, in either form."""
        return self.voice.id if isinstance(self.voice, VoiceId) else self.voice

    @property
    def priority(self) -> Priority:
        """Who waits for the sound: a short WAV is heard as a whole."""
        is_wav = self.response_format == "wav" and self.stream_format == "audio"
        return Priority.FILE if is_wav and len(self.input) <= WHOLE_CHARS else Priority.REALTIME

    def speech_request(self, recordings: Recordings) -> SpeechRequest:
        """Returns what is asked for. Reads files: not on the event loop."""
        reference = recordings.find(self.voice_name)
        return SpeechRequest(
            text=self.input,
            voice=None if reference else self.voice_name,
            engine=engine_of(self.model),
            speed=self.speed,
            seed=self.seed or 0,
            reference=reference,
            priority=self.priority,
            lexicon=self.own_readings(),
            verify=bool(self.verify),
        )
