"""Memory does not grow with every length that a graph has run with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.viettts.tiny import GOLDEN

pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")

SCRIPT = """
import ctypes, json, sys
import numpy as np
from sonca.engines.viettts.backends.openvino import compiled
from sonca.engines.viettts.backends.openvino.graphs import hift
from sonca.engines.viettts.backends.openvino.graphs.layers import Weights
from benchmarks.viettts.parity.golden import GoldenFolder
from sonca.engines.viettts.convert.checkpoint import fold
from pathlib import Path

class Heap(ctypes.Structure):
    names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in names.split()]

system = ctypes.CDLL(None)
system.mallinfo2.restype = Heap

def used():
    heap = system.mallinfo2()
    return heap.uordblks + heap.hblkhd

golden = GoldenFolder(Path(sys.argv[1]))
config = golden.config()
trunk = hift.build_trunk(config.hift, Weights(fold(golden.weights("hift"))))
graph = compiled.Runtime(1).compile(trunk)
def run(frames):
    mel = np.zeros((1, 80, frames), np.float32)
    graph(mel=mel, source=np.zeros((1, 18, 64 * frames + 1), np.float32))
run(200)
marks = []
for first in (20, 60, 100, 140):
    for frames in range(first, first + 40):
        run(frames)
    run(200)
    marks.append(used())
print(json.dumps(marks))
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the C library")
def test_many_lengths_take_no_more_than_few() -> None:
    environment = {key: value for key, value in os.environ.items() if "ONEDNN" not in key}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(GOLDEN)],
        capture_output=True, text=True, check=False, env=environment,
        cwd=Path(__file__).parents[4],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    marks = json.loads(done.stdout)
    grown = (marks[-1] - marks[0]) / 2**20
    assert grown < 20, f"{grown:.0f} MB for 120 lengths"
