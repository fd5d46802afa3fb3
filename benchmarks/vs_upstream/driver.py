"""Upstream's package as a process: ``python driver.py CHECKPOINT THREADS PROMPT.npy``.

Runs under the interpreter that it is installed in (README.md). Lines of JSON in and out; the first
comes out when the package is loaded. Then it reads questions and answers each with CPU seconds,
wall seconds, seconds of sound, CPU seconds of each part and peak memory in MiB:

- ``{"text": …, "tokens": N}``: speaks the text with N tokens;
- the same with ``"llm_in_float32": true``: the language model only, in float32 instead of the
  package's half precision; answers CPU seconds.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from package import SAMPLE_RATE_HZ, Upstream, versions


def main(checkpoint: str, threads: int, prompt: str) -> None:
    out, sys.stdout = sys.stdout, sys.stderr  # what the package prints is no answer

    def answer(figures) -> None:
        out.write(json.dumps(figures) + "\n")
        out.flush()

    start = time.perf_counter()
    upstream = Upstream(checkpoint, np.load(prompt), threads)
    ready = time.perf_counter() - start
    answer({"ready_s": ready, "rate_hz": upstream.rate_hz, "versions": versions()})
    for line in sys.stdin:
        question = json.loads(line)
        text, tokens = question["text"], question["tokens"]
        if question.get("llm_in_float32"):
            answer({"cpu_s": upstream.llm_in_float32(text, tokens)})
        else:
            answer(spoken(upstream, text, tokens))


def spoken(upstream: Upstream, text: str, tokens: int) -> dict[str, object]:
    cpu, wall = time.process_time(), time.perf_counter()
    samples = upstream.speak(text, tokens)
    return {
        "cpu_s": time.process_time() - cpu,
        "wall_s": time.perf_counter() - wall,
        "audio_s": len(samples) / SAMPLE_RATE_HZ,
        "level": float(np.abs(samples).mean()),
        "parts_cpu_s": dict(upstream.parts_cpu_s),
        "peak_mib": peak_mib(),
    }


def peak_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
