"""A folder of golden numbers: configuration, weights, cases."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.engines.viettts.config import ModelConfig, parse_config, read_config
from sonca.engines.viettts.convert.checkpoint import fold
from sonca.engines.viettts.convert.checkpoint_schema import PARTS
from sonca.errors import EngineError

Array = npt.NDArray[Any]
Case = Mapping[str, Array]
"""Arrays by `in.name` and `out.name`."""


class GoldenFolder:
    """Reads what is there; a part whose files are missing is left out."""

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise EngineError(f"{path} is not a folder of golden numbers")
        self.path = path

    def config(self) -> ModelConfig:
        if (self.path / "config.yaml").is_file():
            return read_config(self.path / "config.yaml")
        return parse_config({part: self.json(part) for part in ("llm", "flow", "hift")})

    def json(self, name: str) -> Any:
        return json.loads((self.path / f"{name}.json").read_text(encoding="utf-8"))

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def states(self) -> dict[str, dict[str, Array]]:
        """Returns the weights of all three parts, HiFT's with the weight norm folded in."""
        states = {part: self.weights(part) for part in PARTS}
        return {**states, "hift": fold(states["hift"])}

    def weights(self, part: str) -> dict[str, Array]:
        return self._read(f"{part}.weights.safetensors")

    def cases(self, part: str) -> dict[str, Case]:
        """`case.in.x` and `case.out.y` of a part, by case."""
        cases: dict[str, dict[str, Array]] = {}
        for key, value in self._read(f"{part}.io.safetensors").items():
            case, _, rest = key.partition(".")
            cases.setdefault(case, {})[rest] = value
        return dict(cases)

    def _read(self, name: str) -> dict[str, Array]:
        from safetensors.numpy import load_file

        return {k: np.asarray(v) for k, v in load_file(self.path / name).items()}
