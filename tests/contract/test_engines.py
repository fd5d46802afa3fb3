"""Every engine of Sonca keeps the contract, also while a worker drives it."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from sonca.engines.base import Engine, Setup
from sonca.engines.espeak import EspeakEngine
from sonca.engines.piper import PiperEngine
from sonca.engines.tone import ToneEngine
from sonca.errors import EngineError
from sonca.testing import EngineContract, utterance
from sonca.testing.engine_contract import SENTENCE
from sonca.utterance import Utterance
from sonca.worker import Request, Worker, WorkItem, quality
from tests.engines.piper import tiny
from tests.worker.test_failures import Faulty
from tests.worker.test_worker import eventually

MODELS = tempfile.TemporaryDirectory(prefix="sonca-models-")


class Contract(EngineContract):
    engine_setup = Setup(models_dir=Path(MODELS.name))

    def whole(self, worker: Worker, engine: Engine, text: str = "Xin chào") -> int:
        """How many utterances of a request were said."""
        work = iter([WorkItem(utterance(text))])
        stream = worker.submit(Request(work, engine.voices(self.engine_setup)[0].id))
        return sum(item.chunk is None for item in stream)

    @pytest.mark.parametrize("where", ["cancel", "idle", "free_slots", "step"])
    def test_a_worker_builds_it_anew_wherever_it_breaks(
        self, engine: Engine, where: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        raising: set[str] = set()

        def build() -> Engine:
            built = self.build()
            session = built.session
            built.session = lambda: Faulty(session(), raising)  # type: ignore[method-assign]
            return built

        worker = Worker(build)
        assert self.whole(worker, engine) == 1
        raising.add(where)

        def rebuilt() -> bool:
            # Again and again: a quick engine may have made all that is asked for before the cancel.
            work = (WorkItem(replace(SENTENCE, span=(n, n + 1))) for n in range(1000))
            stream = worker.submit(Request(work, engine.voices(self.engine_setup)[0].id))
            with suppress(EngineError):
                next(iter(stream))
            stream.cancel()
            return worker.stats.rebuilt == 1

        eventually(rebuilt)
        assert self.whole(worker, engine) == 1
        assert worker.state == "ready"
        worker.close(stop_s=60)

    def test_an_error_of_who_hears_it_ends_one_request_and_nothing_else(
        self,
        engine: Engine,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        check = quality.find_problem

        def wrong(said: Utterance, *rest: object) -> str | None:
            if "lỗi" in said.spoken:
                raise ValueError("a bug in the check")
            return check(said, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(quality, "find_problem", wrong)
        worker = Worker(self.build)
        with pytest.raises(EngineError, match="a bug in the check"):
            self.whole(worker, engine, "lỗi")
        assert self.whole(worker, engine) == 1
        assert worker.stats.rebuilt == 0
        worker.close(stop_s=60)


class TestEspeak(Contract):
    @classmethod
    def build(cls) -> Engine:
        return EspeakEngine()


class TestTone(Contract):
    @classmethod
    def build(cls) -> Engine:
        return ToneEngine()


class TestToneBatch(Contract):
    @classmethod
    def build(cls) -> Engine:
        return ToneEngine(slots=4)


class TestPiper(Contract):
    engine_setup = replace(Contract.engine_setup, exact=True)  # the sound is to stay the same

    @classmethod
    def build(cls) -> Engine:
        """Piper has no voice of its own: two generated ones, of one speaker and of three."""
        tiny.save(Path(MODELS.name))
        tiny.save(Path(MODELS.name), "vi_VN-three-x_low", speakers=3, seed=2)
        return PiperEngine(cls.engine_setup)


class TestKokoro(Contract):
    @classmethod
    def build(cls) -> Engine:
        """Kokoro-Vietnamese with random weights and durations."""
        from benchmarks.kokoro import random_model
        from sonca.engines.kokoro.engine import KokoroEngine

        folder = Path(MODELS.name, "kokoro", "kokoro-vietnamese")
        if not folder.exists():
            random_model.write(folder, "input_ids")
            (folder / "voices").mkdir()
            for number, name in enumerate(("mai_linh", "duc_an")):
                random_model.pack(number).tofile(folder / "voices" / f"{name}.bin")
        return KokoroEngine(replace(cls.engine_setup, threads=2))


class TestSupertonic(Contract):
    @classmethod
    def build(cls) -> Engine:
        """KorvaTTS and Supertonic of random weights side by side."""
        from benchmarks.supertonic import random_model
        from sonca.engines.supertonic import SupertonicEngine

        home = Path(MODELS.name, "supertonic")
        if not home.exists():
            random_model.make(home / "korvatts", korva=True)
            random_model.make(home / "supertonic-3")
        return SupertonicEngine(replace(cls.engine_setup, threads=2))


@pytest.mark.slow
class TestVieneu(Contract):
    @classmethod
    def build(cls) -> Engine:
        """VieNeu at a few thousandth of its size, with three random voices."""
        pytest.importorskip("sea_g2p", reason="VieNeu's phonemes are sea-g2p's")
        from benchmarks.vieneu.random_model import TINY, Random, write_whole
        from sonca.engines.vieneu.engine import VieneuEngine

        folder = Path(MODELS.name, "vieneu", "vieneu-v3-turbo")
        if not folder.exists():
            write_whole(folder, Random(TINY))
        return VieneuEngine.create(replace(cls.engine_setup, threads=1))


@pytest.mark.slow
class TestZeroTTS(Contract):
    @classmethod
    def build(cls) -> Engine:
        """ZeroTTS at a thousandth of its size."""
        pytest.importorskip("tokenizers", reason="ZeroTTS reads its text with tokenizers")
        from sonca.engines.zerotts import ZeroTTSEngine
        from tests.engines.zerotts import tiny as tiny_zerotts

        if not Path(MODELS.name, "zerotts").exists():
            tiny_zerotts.install(Path(MODELS.name))
        return ZeroTTSEngine.create(replace(cls.engine_setup, threads=1))


@pytest.mark.slow
class TestVieneuNano(Contract):
    @classmethod
    def build(cls) -> Engine:
        """VieNeu Nano with small random graphs and three voices."""
        pytest.importorskip("sea_g2p", reason="VieNeu's phonemes are sea-g2p's")
        from benchmarks.vieneu.random_nano import write
        from sonca.engines.vieneu_nano.engine import NanoEngine

        folder = Path(MODELS.name, "vieneu-nano", "vieneu-v3-nano")
        if not folder.exists():
            write(folder)
        return NanoEngine.create(replace(cls.engine_setup, threads=2))


@pytest.mark.slow
class TestVietTTS(Contract):
    has_level = False  # its weights have no meaning, and nothing of the recording is left

    @classmethod
    def build(cls) -> Engine:
        """VietTTS at a few thousandth of its size, with two recordings to speak like."""
        pytest.importorskip("openvino", reason="VietTTS's CPU path needs OpenVINO")
        from sonca.engines.viettts.engine import VietTTSEngine
        from sonca.engines.viettts.runtime_config import Limits
        from tests.engines.viettts import tiny as tiny_viettts

        if not Path(MODELS.name, "viettts").exists():
            tiny_viettts.install(Path(MODELS.name))
        engine = VietTTSEngine.create(replace(cls.engine_setup, threads=1))
        assert isinstance(engine, VietTTSEngine)
        # Weights without meaning end nowhere; this is where a trained model would about end.
        engine.config = replace(engine.config, limits=Limits(max_s=0.25, attempts=1))
        return engine
