"""The whole error tree. A message names the value, the limit and the next step.

Nothing here knows HTTP or exit codes: `sonca.server.errors` and `sonca.cli` each map the tree
to their own.
"""

from __future__ import annotations


def quoted(text: str, limit: int = 60) -> str:
    """Returns `text` in quotes for a message: short, on one line, safe to print."""
    return repr(text if len(text) <= limit else text[:limit] + "…")


class SoncaError(Exception):
    """Every error that Sonca raises on purpose. `str(error)` is fit for a user to read."""


class InvalidRequest(SoncaError):
    """The caller asked for something that cannot be done as asked."""

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field
        """The request's field that is wrong, if it is one."""


class EmptyText(InvalidRequest):
    """There is no text at all."""


class NothingToSay(InvalidRequest):
    """There is text, but nothing in it can be spoken (separators, emoji, symbols)."""


class TextTooLong(InvalidRequest):
    """The text is over the limit."""


class UnknownVoice(InvalidRequest):
    """No voice of that name."""


class UnknownEngine(InvalidRequest):
    """No engine (model) of that name."""


class EngineNotInstalled(InvalidRequest):
    """A known engine that this installation cannot run; the message says how to install it."""


class Unsupported(InvalidRequest):
    """The engine that would do this cannot (cloning with the embedded voice, say)."""


class BadAudio(InvalidRequest):
    """Audio from a user that cannot be used: not audio, too short, too long."""


class NotFound(SoncaError):
    """A kept thing (audio, reference) that does not exist or has expired."""


class Busy(SoncaError):
    """There is no room now. Try again after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: float, reason: str) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        self.reason = reason
        """Which limit it is, for programs: ``queue_full``, ``too_many_books``. One word for each
        place that raises this."""


class ShuttingDown(Busy):
    """Nothing new is taken any more: this process is about to end."""

    def __init__(self, message: str = "shutting down; try again soon") -> None:
        super().__init__(message, retry_after_s=5, reason="shutting_down")


class Cancelled(SoncaError):
    """The work was cancelled by whoever asked for it, or by the shutdown."""


class DeadlineExceeded(SoncaError):
    """The request's deadline passed before its audio was complete."""


class EngineError(SoncaError):
    """An engine failed to load or to speak. The cause is chained."""


class StorageError(SoncaError):
    """Something could not be kept on disk."""


class StorageFull(StorageError):
    """The disk or the quota is full."""


class SettingsError(SoncaError):
    """A setting that cannot be: unknown key, wrong value."""
