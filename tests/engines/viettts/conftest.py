"""The golden numbers, and the tiny model that they were made with."""

from pathlib import Path

import pytest

from benchmarks.viettts.parity.golden import GoldenFolder
from sonca.engines.viettts.config import ModelConfig
from tests.engines.viettts import tiny as tiny_model


@pytest.fixture(scope="session")
def golden() -> GoldenFolder:
    return GoldenFolder(tiny_model.GOLDEN)


@pytest.fixture(scope="session")
def tiny(golden: GoldenFolder) -> ModelConfig:
    return golden.config()


@pytest.fixture(scope="session")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vocabulary") / "multilingual.tiktoken"
    tiny_model.save_vocabulary(path)
    return path


@pytest.fixture(scope="session")
def tiny_yaml() -> str:
    return tiny_model.config_yaml()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, tiny_yaml: str) -> Path:
    """A tiny model in upstream's form."""
    pytest.importorskip("onnx", reason="the stand-ins for the prompt models need onnx")
    from benchmarks.viettts.random_checkpoint import make_random

    folder = tmp_path_factory.mktemp("upstream") / "tiny"
    make_random(folder, 1, config_yaml=tiny_yaml)
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path, vocabulary: Path) -> Path:
    """The tiny model, converted."""
    pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")
    pytest.importorskip("tiktoken", reason="the tokenizer needs tiktoken")
    from sonca.engines.viettts.convert.convert import convert

    folder = tmp_path_factory.mktemp("converted") / "tiny"
    convert(checkpoint, folder, vocabulary, precision="exact")
    return folder
