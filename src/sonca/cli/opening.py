"""From settings to a `Sonca`: the one place of the command line that knows both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonca.settings import Settings
    from sonca.store.chunks import ChunkCache
    from sonca.synthesizer import Sonca


def open_sonca(settings: Settings, *, cache: ChunkCache | None = None) -> Sonca:
    """The synthesizer that the settings describe. Nothing is loaded yet."""
    from sonca.engines.base import Setup
    from sonca.synthesizer import Sonca
    from sonca.text import Lexicon

    return Sonca(
        settings.engine,
        setup=Setup(settings.models_dir, settings.device, settings.threads, settings.level_lufs),
        queue_limit=settings.queue_limit,
        max_text_chars=settings.max_text_chars,
        cache=cache,
        lexicon=Lexicon.load(settings.lexicon) if settings.lexicon else None,
    )
