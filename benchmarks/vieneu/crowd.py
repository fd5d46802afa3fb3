"""Measures VieNeu with one, four and eight callers beside the vieneu package.

    python -m benchmarks.vieneu.crowd PYTHON [--model FOLDER] [-o FILE]

PYTHON has vieneu 3.8.3. Without a model a full-size one of random weights is made (0.6 GB). Both
have one thread and take turns; what counts is seconds of sound for a second of processor time, so
that a machine with other work gives the same ratios.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.line_process import LineProcess
from benchmarks.vieneu.random_model import FULL, Random, write_whole
from sonca.bench.stats import machine

TEXTS = (
    "chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài.",
    "bà đứng ở hiên nhà nhìn ra con đường làng, nơi lũ trẻ đang chạy về.",
    "hôm nay trời đẹp quá, chúng ta cùng nhau đi chơi ở công viên nhé.",
    "người ta bảo rằng mùa xuân năm nay sẽ đến sớm hơn mọi năm.",
    "anh ấy mở cửa sổ, nhìn xuống phố và thấy những người bán hàng rong.",
    "con đường nhỏ dẫn qua cánh đồng lúa chín vàng tới ngôi đình cổ.",
    "cô giáo viết lên bảng một câu thơ mà cả lớp đều thuộc lòng.",
    "đêm xuống, tiếng ếch nhái vang lên khắp bờ ao sau nhà.",
)
CALLERS = (1, 4, 8)
HERE = Path(__file__).parent


def run(model: Path, python: str, *, rounds: int = 2, threads: int = 1) -> dict[str, Any]:
    """Returns what each gives for a second of processor time, by callers, and their ratios."""
    script = HERE / "crowd_peer.py"
    with ExitStack() as stack:
        ours = stack.enter_context(LineProcess(sys.executable, script, "sonca", model, threads))
        theirs = stack.enter_context(LineProcess(python, script, "vieneu", model, threads))
        # What happens only once is not measured: each number of callers has kernels of its own.
        theirs.ask({"texts": TEXTS[:1], "together": 1})
        ours.ask({"texts": TEXTS, "together": max(CALLERS)})
        heard: dict[str, list[dict[str, Any]]] = {}
        for _ in range(rounds):
            # Half of its texts before ours and half after: the machine's other work changes.
            for part in (TEXTS[:4], TEXTS[4:]):
                answer = theirs.ask({"texts": part, "together": 1})
                heard.setdefault("vieneu", []).append(answer)
                for callers in CALLERS:
                    texts = part if callers < len(TEXTS) else TEXTS
                    answer = ours.ask({"texts": texts, "together": callers})
                    heard.setdefault(f"sonca {callers}", []).append(answer)
    figures = {name: _figures(answers) for name, answers in heard.items()}
    base = figures["vieneu"]
    return {
        "benchmark": "vieneu-crowd",
        "machine": machine(),
        "threads": threads,
        "rounds": rounds,
        **figures,
        "throughput": {
            str(n): round(figures[f"sonca {n}"]["s_per_cpu_s"] / base["s_per_cpu_s"], 2)
            for n in CALLERS
        },
        "throughput_wall": {
            str(n): round(figures[f"sonca {n}"]["s_per_s"] / base["s_per_s"], 2) for n in CALLERS
        },
        "first_sound_alone": round(figures["sonca 1"]["first_s"] / base["first_s"], 3),
    }


def _figures(answers: list[dict[str, Any]]) -> dict[str, float]:
    audio_s = sum(answer["audio_s"] for answer in answers)
    first = [seconds for answer in answers for seconds in answer["first_s"]]
    return {
        "s_per_cpu_s": round(audio_s / sum(answer["cpu_s"] for answer in answers), 3),
        "s_per_s": round(audio_s / sum(answer["wall_s"] for answer in answers), 3),
        "first_s": round(median(first), 3),
        "last_first_s": round(max(first), 3),
        "audio_s": round(audio_s, 1),
        "peak_mib": round(answers[-1]["peak_mib"]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("python")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or write_whole(
            Path(folder, "vieneu", "vieneu-v3-turbo"), Random(FULL, int8_acoustic=True)
        )
        result = run(model, options.python, rounds=options.rounds)
    text = json.dumps(result, indent=1)
    if options.output:
        options.output.write_text(text + "\n")
    print(text)  # noqa: T201


if __name__ == "__main__":
    main()
