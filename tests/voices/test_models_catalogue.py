"""The list of models that ship with the package."""

from __future__ import annotations

import re

import pytest

from sonca.voices.models import UnknownModel, catalogue, find


def test_the_vietnamese_voices_are_there() -> None:
    models = catalogue()
    assert list(models)[:3] == [
        "vi_VN-vais1000-medium",
        "vi_VN-25hours_single-low",
        "vi_VN-vivos-x_low",
    ]
    assert models["viet-tts"].engine == "viettts"


def test_every_entry_is_whole() -> None:
    for model in catalogue().values():
        assert model.licence
        assert model.title
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", model.repository)
        assert model.files
        assert len({file.name for file in model.files}) == len(model.files)
        for file in model.files:
            assert file.name and not file.name.startswith("/")
            assert ".." not in (*file.path.split("/"), *file.name.split("/"))
            assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
            assert (file.repository is None) == (file.revision is None)
            if file.wheels:
                assert not file.path and file.sha256
                assert all("==" in package for package, _ in file.wheels)
        if model.engine == "piper":
            onnx, config = model.files
            assert onnx.name == f"{model.name}.onnx"
            assert config.name == f"{model.name}.onnx.json"


def test_licences_that_forbid_or_say_nothing_ask_for_consent() -> None:
    for model in catalogue().values():
        if "NC" in model.licence or "unknown" in model.licence:
            assert model.needs_consent, model.name


def test_names_are_found_whatever_their_case() -> None:
    assert find("VI_vn-VAIS1000-medium").name == "vi_VN-vais1000-medium"
    assert find(" viettts ").name == "viet-tts"


@pytest.mark.parametrize("name", ["", "nobody", "../x", "a/b", "vi_VN-vais1000-medium/../x"])
def test_an_unknown_name_lists_what_there_is(name: str) -> None:
    with pytest.raises(UnknownModel, match="vi_VN-vais1000-medium"):
        find(name)
