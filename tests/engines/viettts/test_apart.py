"""The estimator with the prompt apart: against the plain version, and in company."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sonca.engines.base import Event, Finished, Options, Reference
from sonca.engines.viettts.backend import Voice
from sonca.engines.viettts.config import Config
from sonca.engines.viettts.parity.errors import relative
from sonca.engines.viettts.parity.folder import Folder
from sonca.errors import EngineError, InvalidRequest
from sonca.utterance import Priority
from tests.engines.viettts.tiny import speech

pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")
pytest.importorskip("onnxruntime", reason="the prompt models run in ONNX Runtime")
pytest.importorskip("tiktoken", reason="the tokenizer needs tiktoken")

from sonca.engines.viettts.convert import convert
from sonca.engines.viettts.cpu.assemble import Precision, from_states
from sonca.engines.viettts.cpu.backend import CpuBackend
from sonca.engines.viettts.engine import VietTTSEngine, VietTTSSettings
from sonca.engines.viettts.folder import open_folder
from sonca.engines.viettts.manner import Limits
from sonca.engines.viettts.sentence import Sentence
from sonca.engines.viettts.session import VietTTSSession
from sonca.engines.viettts.streaming import Piece
from tests.engines.viettts.test_engine import CUTS, TEXT, run, said, session_of


def backend(golden: Folder, tiny: Config, precision: Precision) -> CpuBackend:
    states = {part: golden.weights(part) for part in ("llm", "flow", "hift")}
    return from_states(tiny, states, precision, prompt_apart=True)


@pytest.fixture(scope="module")
def exact(golden: Folder, tiny: Config) -> CpuBackend:
    return backend(golden, tiny, "exact")


def voice(frames: int) -> Voice:
    rng = np.random.default_rng(0)
    mel = rng.standard_normal((frames, 80)).astype(np.float32)
    return Voice(rng.standard_normal(24).astype(np.float32), rng.integers(0, 64, 29), mel)


def noise(frames: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((frames, 80), np.float32)


def solve(backend: CpuBackend, known: Voice, lengths: list[tuple[int, int]]) -> list[np.ndarray]:
    """Sentences of so many tokens and frames, in one run."""
    parts = [
        (np.random.default_rng(tokens).integers(0, 64, tokens), noise(frames, tokens))
        for tokens, frames in lengths
    ]
    solver = backend.together(known, noise(len(known.mel)), parts)
    while not solver.step():
        pass
    return np.split(solver.mel(), np.cumsum([frames for _, frames in lengths])[:-1])


@pytest.mark.parametrize("frames", [50, 51], ids=["even", "odd"])
def test_it_equals_the_plain_version(
    exact: CpuBackend, golden: Folder, tiny: Config, frames: int
) -> None:
    torch = pytest.importorskip("torch", reason="the plain version is in PyTorch")
    from sonca.engines.viettts.reference import flow as flows
    from sonca.engines.viettts.reference.apart import estimate

    known, tokens, count = voice(frames), np.random.default_rng(60).integers(0, 64, 60), 103
    (mel,) = solve(exact, known, [(60, count)])

    plain = flows.load(
        tiny.flow, {k: torch.from_numpy(np.array(v)) for k, v in golden.weights("flow").items()}
    )
    odd = frames % 2
    with torch.inference_mode():
        ids, said = torch.from_numpy(known.tokens)[None], torch.from_numpy(tokens)[None]
        spk = plain.speaker(torch.from_numpy(known.vector)[None])[:, :, None]
        mu = plain.mu(ids, said, (frames, count))[:, :, frames:]
        encoded = plain.encoder_proj(plain.encode(ids)).transpose(1, 2)
        mu_prompt = plain.length_regulator.model(flows.stretch(encoded, frames))[:, :, odd:]
        cond = torch.from_numpy(known.mel[odd:]).T[None]
        x = [
            torch.from_numpy(noise(frames)[odd:]).T[None],
            torch.from_numpy(noise(count, 60)).T[None],
        ]
        given = [
            torch.cat([mu_prompt, spk.expand(-1, -1, frames - odd), cond], 1),
            torch.cat([mu, spk.expand(-1, -1, count), torch.zeros_like(mu)], 1),
        ]
        rate, times = tiny.flow.cfg_rate, flows.schedule()
        for start, end in pairwise(times):
            time = plain.estimator.time(start[None].expand(2))
            pair = tuple(
                torch.cat([torch.cat([a, b], 1), torch.cat([a, torch.zeros_like(b)], 1)])
                for a, b in zip(x, given, strict=True)
            )
            velocities = estimate(plain.estimator, pair, time)
            x = [
                a + (end - start) * ((1 + rate) * v[:1] - rate * v[1:])
                for a, v in zip(x, velocities, strict=True)
            ]
    assert relative(mel.T, x[1][0].numpy()) < 2e-5


def test_without_a_prompt_it_is_the_trained_model(
    exact: CpuBackend, golden: Folder, tiny: Config
) -> None:
    states = {part: golden.weights(part) for part in ("llm", "flow", "hift")}
    whole = from_states(tiny, states, "exact")
    known = Voice(voice(2).vector, np.zeros(0, np.int64), np.zeros((0, 80), np.float32))
    tokens = np.random.default_rng(60).integers(0, 64, 60)
    mels = []
    for path in (whole, exact):
        solver = path.solver(known, tokens, noise(103, 60))
        while not solver.step():
            pass
        mels.append(solver.mel())
    assert relative(mels[1], mels[0]) < 1e-5


def test_with_one_it_is_not(exact: CpuBackend, golden: Folder, tiny: Config) -> None:
    states = {part: golden.weights(part) for part in ("llm", "flow", "hift")}
    tokens = np.random.default_rng(60).integers(0, 64, 60)
    mels = []
    for path in (from_states(tiny, states, "exact"), exact):
        solver = path.solver(voice(50), tokens, np.concatenate([noise(50), noise(103, 60)]))
        while not solver.step():
            pass
        mels.append(solver.mel())
    assert 1e-3 < relative(mels[1], mels[0]) < 0.5


@pytest.mark.parametrize("precision", ["exact", "fast"])
def test_company_changes_nothing(golden: Folder, tiny: Config, precision: Precision) -> None:
    path, known = backend(golden, tiny, precision), voice(51)
    lengths = [(60, 103), (9, 15), (150, 258), (61, 105)]
    together = solve(path, known, lengths)
    for length, mel in zip(lengths, together, strict=True):
        (alone,) = solve(path, known, [length])
        np.testing.assert_array_equal(mel, alone)


def test_two_runs_do_not_disturb_each_other(exact: CpuBackend) -> None:
    parts = [(np.arange(40), noise(70, 3))]
    alone = solve_each(exact, [(voice(50), parts)], [0] * 20)
    both = [(voice(50), parts), (voice(30), parts)]
    np.testing.assert_array_equal(solve_each(exact, both, [0, 1] * 20)[0], alone[0])


def solve_each(backend: CpuBackend, runs: list, order: list[int]) -> list[np.ndarray]:
    solvers = [backend.together(known, noise(len(known.mel)), parts) for known, parts in runs]
    for index in order:
        solvers[index].step()
    return [solver.mel() for solver in solvers]


def test_the_fast_mel_is_within_two_percent(
    exact: CpuBackend, golden: Folder, tiny: Config
) -> None:
    lengths = [(60, 103), (80, 137)]
    wanted = solve(exact, voice(50), lengths)
    for mel, plain in zip(
        solve(backend(golden, tiny, "fast"), voice(50), lengths), wanted, strict=True
    ):
        assert relative(mel, plain) < 0.02


# --- as a converted model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path, vocabulary: Path) -> Path:
    folder = tmp_path_factory.mktemp("apart") / "tiny"
    convert(checkpoint, folder, vocabulary, precision="exact", prompt_apart=True)
    return folder


@pytest.fixture(scope="module")
def engine(model: Path) -> Iterator[VietTTSEngine]:
    engine = VietTTSEngine(VietTTSSettings(model, threads=1))
    yield engine
    engine.close()


def songs_of(session: VietTTSSession) -> list[int]:
    """How many sentences each run of the flow is for, as it is begun."""
    songs: list[int] = []
    plain = session._compose

    def counted(parts: list[tuple[Sentence, Piece]]) -> None:
        songs.append(len(parts))
        plain(parts)

    session._compose = counted  # type: ignore[method-assign]
    return songs


def test_sentences_share_the_prompt_and_nothing_else(engine: VietTTSEngine) -> None:
    assert engine.info.deterministic
    known = engine.condition(Reference(speech(), 16000, "speech"))
    limits = Limits(forced_tokens=60)
    session = session_of(engine, limits=limits, slots=4)
    songs = songs_of(session)
    jobs = {i: (f"{TEXT} {i}", Options(priority=Priority.BATCH, first=False)) for i in range(8)}
    together, _ = run(session, jobs, known)
    assert songs == [4, 4]  # nobody listens: they wait for each other
    for id, job in jobs.items():
        alone, _ = run(session_of(engine, limits=limits), {id: job}, known)
        np.testing.assert_array_equal(together[id], alone[id])


def test_who_is_listened_to_waits_for_nobody(engine: VietTTSEngine) -> None:
    known = engine.condition(Reference(speech(), 16000, "speech"))
    other = engine.condition(Reference(speech(pitch_hz=220), 16000, "other"))
    session = session_of(engine, limits=Limits(forced_tokens=60))
    songs = songs_of(session)
    patient = Options(priority=Priority.BATCH, first=False)
    for id in range(4):
        session.add(id, said(TEXT), known, patient)
    session.add(4, said(TEXT), other, patient)  # another voice: nothing to share
    session.add(5, said(TEXT), known, Options())
    ends: list[int] = []

    def hear(event: Event) -> None:
        if isinstance(event, Finished):
            ends.append(event.id)

    while not session.idle:
        session.step(hear)
    assert sorted(songs) == [1, 1, 4]
    assert ends.index(5) < ends.index(0)


def test_long_sentences_share_piece_by_piece(engine: VietTTSEngine) -> None:
    known = engine.condition(Reference(speech(), 16000, "speech"))
    manner = {"limits": Limits(forced_tokens=130), "cuts": CUTS}
    session = session_of(engine, slots=3, **manner)
    songs = songs_of(session)
    jobs = {i: (f"{TEXT} {i}", Options(priority=Priority.BATCH, first=False)) for i in range(3)}
    together, _ = run(session, jobs, known)
    assert songs[0] == 3
    assert len(songs) > 1
    for id, job in jobs.items():
        alone, _ = run(session_of(engine, **manner), {id: job}, known)
        np.testing.assert_array_equal(together[id], alone[id])


def test_a_cancelled_sentence_holds_nobody_up(engine: VietTTSEngine) -> None:
    known = engine.condition(Reference(speech(), 16000, "speech"))
    session = session_of(engine, limits=Limits(forced_tokens=60))
    ends: list[int] = []
    for id in range(3):
        session.add(id, said(TEXT), known, Options(priority=Priority.BATCH, first=False))
    cancelled: list[int] = []

    def hear(event: Event) -> None:
        if isinstance(event, Finished):
            ends.append(event.id)
            if not cancelled:  # the others have been through the flow already
                cancelled.append(event.id + 1)
                session.cancel(event.id + 1)

    for _ in range(2000):
        if session.idle:
            break
        session.step(hear)
    assert session.idle
    assert ends == [0, 2]
    assert not session.sung


def test_it_is_another_model_than_the_trained_one(
    model: Path, checkpoint: Path, vocabulary: Path, tmp_path: Path
) -> None:
    convert(checkpoint, tmp_path / "tiny", vocabulary, precision="exact")
    plain = open_folder(tmp_path / "tiny")
    assert open_folder(model).version != plain.version  # nothing kept of one is taken for the other
    assert not plain.prompt_apart
    assert not (model / "graphs" / "estimator.xml").exists()


def test_a_gpu_cannot_run_it(
    model: Path, checkpoint: Path, vocabulary: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest, match="without --cuda"):
        convert(checkpoint, tmp_path / "x", vocabulary, devices=("cpu", "cuda"), prompt_apart=True)
    assert not (tmp_path / "x").exists()
    with pytest.raises(EngineError, match="prompt apart"):
        VietTTSEngine(VietTTSSettings(model, device="cuda"))
