"""Listens to what was made: no word is skipped or said twice unseen (``sonca[listen]``)."""

from sonca.listening.listener import Listener, Verdict
from sonca.listening.recogniser import Recogniser, folder_of, missing, open_recogniser

__all__ = ["Listener", "Recogniser", "Verdict", "folder_of", "missing", "open_recogniser"]
