"""Listens to what was made: no word is skipped or said twice unseen (``sonca[listen]``)."""

from sonca.listening.listener import Listener, Verdict
from sonca.listening.recogniser import Recogniser, missing, open_recogniser

__all__ = ["Listener", "Recogniser", "Verdict", "missing", "open_recogniser"]
