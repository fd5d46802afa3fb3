"""The models that an engine with several keeps loaded: those used last."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Model = TypeVar("Model")


class KeptModels(Generic[Key, Model]):
    """Up to `most` models, by what names them. Asked by several threads; loading is one's at a
    time, by the engine's contract."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[Key, Model] = {}
        self._lock = threading.Lock()

    def find(self, key: Key) -> Model | None:
        """Returns a model that is loaded; it is dropped after all others now."""
        with self._lock:
            model = self._kept.pop(key, None)
            if model is not None:
                self._kept[key] = model
            return model

    def get(self, key: Key, load: Callable[[], Model]) -> Model:
        """Returns a model, loaded if it is not; the one unused for longest may be dropped."""
        model = self.find(key)
        if model is None:
            model = load()
            with self._lock:
                self._kept[key] = model
                while len(self._kept) > self._most:
                    del self._kept[next(iter(self._kept))]
        return model

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
