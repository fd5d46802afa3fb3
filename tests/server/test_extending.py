"""Every example of docs/extending.md runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import Field
from starlette.testclient import TestClient

from sonca.encoding import encode
from sonca.encoding.decoder import decode
from sonca.encoding.formats import Codec, Format
from sonca.server import app as server_app
from sonca.settings import Settings
from sonca.text import Reading
from sonca.text.folding import fold
from sonca.text.rules.rule import Rule, Workspace

from .conftest import Live

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text("utf-8")
EXAMPLES = dict(re.findall(r"```\w+\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))


def test_every_example_is_tried_here() -> None:
    assert list(EXAMPLES) == [
        "beep/__init__.py",
        "pyproject.toml",
        "test_beep.py",
        "row",
        "field",
        "routes/languages.py",
        "rule",
        "client.py",
    ]


@pytest.mark.slow
class TestEngine:
    """In a package of its own, which only its entry point makes known."""

    @pytest.fixture
    def package(self, tmp_path: Path) -> Path:
        for name in ("beep/__init__.py", "test_beep.py"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(EXAMPLES[name], "utf-8")
        points = re.search(r'"sonca.engines"\]\n(.*)', EXAMPLES["pyproject.toml"], re.DOTALL)
        assert points is not None
        facts = tmp_path / "beep-1.dist-info"
        facts.mkdir()
        facts.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: beep\nVersion: 1\n")
        facts.joinpath("entry_points.txt").write_text(
            "[sonca.engines]\n" + points[1].replace('"', "")
        )
        return tmp_path

    def run(self, package: Path, *words: str) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join([str(package), str(ROOT / "src")])
        return subprocess.run(
            [sys.executable, "-m", *words],
            cwd=package,
            env=os.environ | {"PYTHONPATH": paths, "SONCA_DATA_DIR": str(package / "data")},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def test_it_passes_the_contract(self, package: Path) -> None:
        result = self.run(package, "pytest", "-q", "-p", "no:cacheprovider", "test_beep.py")
        assert result.returncode == 0, result.stdout
        assert re.search(r"\d\d passed", result.stdout)

    @pytest.mark.slow
    def test_a_level_that_is_not_known_is_no_fault(self, package: Path) -> None:
        engine = package / "beep" / "__init__.py"
        measured = "loudness(self._beep(voice, 1.0), RATE_HZ)"
        engine.write_text(engine.read_text("utf-8").replace(measured, 'float("-inf")'), "utf-8")
        result = self.run(package, "pytest", "-q", "-p", "no:cacheprovider", "-rs", "test_beep.py")
        assert result.returncode == 0, result.stdout
        assert "how loud it speaks is not known" in result.stdout

    def test_it_speaks_by_its_name(self, package: Path) -> None:
        result = self.run(
            package, "sonca", "say", "Xin chào.", "--engine", "beep", "-o", "hello.wav"
        )
        assert result.returncode == 0, result.stderr
        samples, rate_hz = decode(package / "hello.wav", max_duration_s=60, max_bytes=10**7)
        assert rate_hz == 16_000
        assert len(samples) == pytest.approx(2 * 0.2 * rate_hz, abs=10)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("right", "wrong", "test"),
        [
            ("loudness(self._beep(voice, 1.0), RATE_HZ)", "-30.0", "brings_every_voice"),
            ("0.2 / options.speed", "0.2", "speed_changes"),
            ("astype(np.float32)", "astype(np.float64)", "float32_mono"),
        ],
    )
    def test_an_engine_that_breaks_the_contract_is_told(
        self, package: Path, right: str, wrong: str, test: str
    ) -> None:
        engine = package / "beep" / "__init__.py"
        assert right in engine.read_text("utf-8")
        engine.write_text(engine.read_text("utf-8").replace(right, wrong), "utf-8")
        result = self.run(package, "pytest", "-q", "-p", "no:cacheprovider", "test_beep.py")
        assert result.returncode == 1
        assert re.search(rf"FAILED .*{test}", result.stdout), result.stdout


def test_a_row_is_a_format(tmp_path: Path) -> None:
    row = eval(EXAMPLES["row"], {"Format": Format, "Codec": Codec})
    tone = np.sin(np.arange(48_000) / 20).astype(np.float32) / 2
    path = tmp_path / f"tone{row.suffix}"
    path.write_bytes(encode(tone, 48_000, row))
    samples, rate_hz = decode(path, max_duration_s=60, max_bytes=10**7)
    assert rate_hz == 48_000
    assert len(samples) == pytest.approx(48_000, abs=4000)


def test_a_field_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    scope: dict[str, Any] = {"Settings": Settings, "Annotated": Annotated, "Field": Field}
    scope["__name__"] = __name__  # where the types are looked up
    body = EXAMPLES["field"].replace("\n", "\n    ")
    exec(f"class More(Settings):\n    {body}", scope)
    assert scope["More"]().plan_timeout_s == 60
    monkeypatch.setenv("SONCA_PLAN_TIMEOUT_S", "5")
    assert scope["More"]().plan_timeout_s == 5
    monkeypatch.setenv("SONCA_PLAN_TIMEOUT_S", "0")
    with pytest.raises(ValueError, match="plan_timeout_s"):
        scope["More"]()


def test_a_route_says_who_may_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scope: dict[str, Any] = {}
    exec(EXAMPLES["routes/languages.py"], scope)
    monkeypatch.setattr(server_app.text, "router", scope["router"])  # in place of another
    settings = Settings(engine="tone", data_dir=tmp_path, api_keys="key")
    with TestClient(server_app.create_app(settings)) as client:
        assert "vi" in client.get("/v1/audio/languages").json()
        assert client.get("/v1/models").status_code == 401


def test_a_rule_reads_its_matches_and_nothing_else() -> None:
    rule = eval(EXAMPLES["rule"], {"Rule": Rule, "__name__": "sonca.text.rules.here"})
    text = "Theo § 12 thì §1234 và §."
    work = Workspace(fold(text), Reading(), text, text)
    rule.apply(work)
    assert [(text[r.start : r.end], r.spoken) for r in work.replacements.values()] == [
        ("§ 12", "điều mười hai")
    ]


def test_a_client_hears_the_sound(live: Live) -> None:
    scope = {"URL": live.url}
    exec(EXAMPLES["client.py"], scope)
    assert scope["seconds"] == pytest.approx(8 * 0.2 + 0.35, abs=0.5)
