"""Compares the engine with both packages on a model of full size and random weights.

    python -m benchmarks.supertonic --python PEERS_PYTHON --out RESULT.json [--threads 2]

PEERS_PYTHON has korvatts and supertonic. All are loaded at once and take turns, sentence by
sentence: read the ratios. Takes two minutes.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.line_process import LineProcess
from benchmarks.spoken import medians
from benchmarks.supertonic.graphs import Sizes
from benchmarks.supertonic.random_model import make
from sonca.bench.stats import machine
from sonca.engines.supertonic.calibration import calibrate
from sonca.engines.supertonic.styles import snr_of

OURS = ("sonca", "sonca_exact")
PEERS = (*OURS, "korvatts", "supertonic")
SHORT = (
    "Chiều hôm đó trời nổi gió, mây kéo xuống thành từng vệt dài.",
    "Bà đứng ở hiên nhà nhìn ra con đường làng.",
    "Xin chào, bạn có khoẻ không?",
)
LONG = (
    "Những con đường quê uốn lượn qua từng thửa ruộng bậc thang xanh mướt, và những nếp nhà sàn "
    "thấp thoáng sau rặng tre già, khi chiều xuống khói bếp lại bay lên, mùi cơm mới toả khắp xóm."
)
STEPS = 8
COSTS = (2, 4, 8, 16)


def main() -> None:
    """Measures and writes; what the file holds for other numbers of threads stays."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", required=True, help="of the packages that are compared")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()
    result: dict[str, Any] = {"threads": {}}
    if asked.out.is_file():
        result = json.loads(asked.out.read_text())
    with tempfile.TemporaryDirectory() as name:
        home = Path(name, "supertonic")
        make(home / "full", sizes=Sizes(), voices=("F1",))
        make(home / "single", sizes=Sizes(), voices=("F1",), korva=True)
        calibrate(home / "full", STEPS, print)
        result["bfloat16_snr_db"] = snr_of(home / "full")
        measured = _measured(asked.python, Path(name), asked.threads, asked.rounds)
    result |= {"benchmark": "supertonic", "machine": machine(), "steps": STEPS}
    result["threads"][str(asked.threads)] = measured
    asked.out.write_text(json.dumps(result, indent=2) + "\n")


def _measured(python: str, models: Path, threads: int, rounds: int) -> dict[str, Any]:
    script = Path(__file__).with_name("peer.py")
    pythons = dict.fromkeys(PEERS, python) | dict.fromkeys(OURS, sys.executable)
    with ExitStack() as stack:
        peers = {
            name: stack.enter_context(LineProcess(pythons[name], script, name, models, threads))
            for name in PEERS
        }
        found: dict[str, Any] = {name: {"ready_s": peers[name].first["ready_s"]} for name in PEERS}
        for kind, texts in (
            ("short", [[text] for text in SHORT] * rounds),
            ("long", [[LONG]] * rounds),
            ("four", [[SHORT[0]] * 4]),
        ):
            answers = _in_turns(peers, texts, STEPS)
            for name in PEERS:
                found[name][kind] = medians(answers[name])
        for name in OURS:
            found[name]["steps"] = {
                str(steps): medians([peers[name].ask({"texts": [SHORT[1]], "steps": steps})])
                for steps in COSTS
            }
    return found


def _in_turns(
    peers: dict[str, LineProcess], asked: list[list[str]], steps: int
) -> dict[str, list[dict[str, float]]]:
    answers: dict[str, list[dict[str, float]]] = {name: [] for name in peers}
    for texts in asked:
        for name, peer in peers.items():
            answers[name].append(peer.ask({"texts": texts, "steps": steps}))
    return answers


if __name__ == "__main__":
    main()
