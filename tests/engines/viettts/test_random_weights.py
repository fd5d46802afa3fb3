"""Random weights in upstream's form: what is written there is what ours computes with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sonca.engines.viettts.config import Config, read_config
from sonca.engines.viettts.folder import map_tensors
from sonca.engines.viettts.random_weights import random_state
from sonca.engines.viettts.weights import fold


def test_converting_what_was_written_changes_no_number(
    checkpoint: Path, vocabulary: Path, tmp_path: Path
) -> None:
    pytest.importorskip("openvino", reason="the conversion writes OpenVINO graphs")
    pytest.importorskip("tiktoken", reason="the tokenizer needs tiktoken")
    from sonca.engines.viettts.convert import convert

    config: Config = read_config(checkpoint / "config.yaml")
    model = convert(checkpoint, tmp_path / "model", vocabulary, devices=("cpu", "cuda"))
    for part in ("llm", "flow", "hift"):
        written = dict(random_state(config, part, 1))
        if part == "hift":
            written = dict(fold(written))
        found = map_tensors(model.weights(part))
        assert set(found) == set(written)
        for key, value in written.items():
            np.testing.assert_array_equal(found[key], value)
