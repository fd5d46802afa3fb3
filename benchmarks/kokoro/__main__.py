"""Compares the engine with kokoro-onnx on a true model.

    python -m benchmarks.kokoro PEERS_PYTHON MODEL.onnx VOICES.npz RESULT.json [--threads 2]

PEERS_PYTHON has kokoro-onnx. The first voice of the file is spoken in, as an American one. All are
loaded at once and take turns, sentence by sentence: read the ratios. Takes two minutes.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.kokoro.peer import VOICE
from benchmarks.line_process import LineProcess
from benchmarks.options import run_command
from benchmarks.spoken import medians
from sonca.bench.stats import machine
from sonca.engines.kokoro.engine import KokoroEngine
from sonca.engines.kokoro.voice_packs import names_in, read_pack

OURS = ("sonca", "sonca_exact")
PEERS = (*OURS, "kokoro_onnx")
SHORT = (
    "The bus was late again, and nobody at the stop seemed to mind.",
    "How long have you been waiting here?",
)
LONG = (
    "She opened the window to let the morning in, looked down the road for a while, and then went "
    "back to the table, where the letters were still waiting for her."
)


def main(
    python: str, model: Path, voices: Path, out: Path, threads: int = 1, rounds: int = 1
) -> None:
    """Measures and writes; what the file holds for other numbers of threads stays."""
    result: dict[str, Any] = {"threads": {}}
    if out.is_file():
        result = json.loads(out.read_text())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "kokoro", "kokoro-82m")
        _install(model, voices, folder)
        KokoroEngine.after_install(folder, Path(name), {}, print)
        card = json.loads((folder / "sonca.json").read_text())
        result["bf16"] = {k: v for k, v in card.get("bf16", {}).items() if k != "graph"}
        measured = _measured(python, Path(name), threads, rounds)
    result |= {"benchmark": "kokoro", "machine": machine()}
    result["threads"][str(threads)] = measured
    out.write_text(json.dumps(result, indent=2) + "\n")


def _install(model: Path, voices: Path, folder: Path) -> None:
    import numpy as np

    folder.mkdir(parents=True)
    shutil.copyfile(model, folder / "model.onnx")
    pack = read_pack(voices, names_in(voices)[0])
    np.savez(folder / "voices.npz", **{VOICE: pack[:, None]})  # type: ignore[arg-type]


def _measured(python: str, models: Path, threads: int, rounds: int) -> dict[str, Any]:
    script = Path(__file__).with_name("peer.py")
    pythons = dict.fromkeys(PEERS, python) | dict.fromkeys(OURS, sys.executable)
    with ExitStack() as stack:
        peers = {
            name: stack.enter_context(LineProcess(pythons[name], script, name, models, threads))
            for name in PEERS
        }
        found: dict[str, Any] = {name: dict(peers[name].first) for name in PEERS}
        for kind, texts in (
            ("short", [[text] for text in SHORT] * rounds),
            ("long", [[LONG]] * rounds),
            ("four", [[SHORT[1]] * 4]),
        ):
            answers: dict[str, list[dict[str, float]]] = {name: [] for name in PEERS}
            for asked in texts:
                for name, peer in peers.items():
                    answers[name].append(peer.ask(asked))
            for name in PEERS:
                found[name][kind] = medians(answers[name])
    return found


if __name__ == "__main__":
    run_command(main)
