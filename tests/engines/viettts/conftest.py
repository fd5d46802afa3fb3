"""The golden numbers, and the tiny model that they were made with."""

import base64
from pathlib import Path

import pytest

from sonca.engines.viettts.config import Config
from sonca.engines.viettts.parity.folder import Folder

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def golden() -> Folder:
    return Folder(GOLDEN)


@pytest.fixture(scope="session")
def tiny(golden: Folder) -> Config:
    return golden.config()


TINY_VOCABULARY = 256


@pytest.fixture(scope="session")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level vocabulary with no merges, in tiktoken's format."""
    path = tmp_path_factory.mktemp("vocabulary") / "multilingual.tiktoken"
    lines = (base64.b64encode(bytes([byte])) + b" %d" % byte for byte in range(TINY_VOCABULARY))
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


@pytest.fixture(scope="session")
def tiny_yaml() -> str:
    """The golden model's config.yaml, with rows for a whole vocabulary."""
    text = (GOLDEN / "config.yaml").read_text(encoding="utf-8")
    return text.replace("text_token_size: 200", "text_token_size: 2000")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, tiny_yaml: str) -> Path:
    """A tiny model in upstream's form."""
    pytest.importorskip("onnx", reason="the stand-ins for the prompt models need onnx")
    from sonca.engines.viettts.random_weights import make_random

    folder = tmp_path_factory.mktemp("upstream") / "tiny"
    make_random(folder, 1, config_yaml=tiny_yaml)
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path, vocabulary: Path) -> Path:
    """The tiny model, converted."""
    pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")
    pytest.importorskip("tiktoken", reason="the tokenizer needs tiktoken")
    from sonca.engines.viettts.convert import convert

    folder = tmp_path_factory.mktemp("converted") / "tiny"
    convert(checkpoint, folder, vocabulary, precision="exact")
    return folder
