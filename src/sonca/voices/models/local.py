"""Take voices that people have as files into the models folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from sonca.errors import InvalidRequest
from sonca.voices.models.store import Installed, ModelStore, checked_name, storing

_ENDING = ".onnx"


def add_pair(store: ModelStore, model: Path, name: str | None = None) -> Installed:
    """Copy a Piper voice, ``X.onnx`` and ``X.onnx.json``, under a name of its own.

    `InvalidRequest` if a file is missing or the name cannot be; `StorageFull`, `StorageError`.
    """
    config = model.with_name(model.name + ".json")
    for path in (model, config):
        if not path.is_file():
            raise InvalidRequest(
                f"there is no file {path}; a voice is a pair of both", field="file"
            )
    called = checked_name(name or model.name.removesuffix(_ENDING))
    staging = store.staging(called)
    with storing(staging):
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir(parents=True)
        shutil.copyfile(model, staging / f"{called}{_ENDING}")
        shutil.copyfile(config, staging / f"{called}{_ENDING}.json")
    return store.put(
        staging,
        engine="piper",
        name=called,
        files=[f"{called}{_ENDING}", f"{called}{_ENDING}.json"],
        about={"origin": "local"},
    )
