"""sherpa-onnx as a peer; runs in the peers' environment.

It reads a Piper voice only with notes of its own inside the graph and a list of tokens beside
it; both are made here. espeak-ng's data come from the piper-tts wheel.
"""

import json
import tempfile
from pathlib import Path

from benchmarks.peers.common import Speak, serve
from benchmarks.spoken import Heard


def prepared(model: str, folder: Path) -> tuple[str, str]:
    """Returns the voice as sherpa-onnx wants it: graph and tokens."""
    import onnx

    config = json.loads(Path(model + ".json").read_text("utf-8"))
    graph = onnx.load(model)
    notes = {
        "model_type": "vits",
        "comment": "piper",
        "language": config.get("language", {}).get("name_english", ""),
        "voice": config["espeak"]["voice"],
        "has_espeak": 1,
        "n_speakers": config.get("num_speakers", 1),
        "sample_rate": config["audio"]["sample_rate"],
    }
    for key, value in notes.items():
        entry = graph.metadata_props.add()
        entry.key, entry.value = key, str(value)
    onnx.save(graph, folder / "voice.onnx")
    tokens = "".join(f"{symbol} {ids[0]}\n" for symbol, ids in config["phoneme_id_map"].items())
    (folder / "tokens.txt").write_text(tokens, "utf-8")
    return str(folder / "voice.onnx"), str(folder / "tokens.txt")


def load(model: str, threads: int) -> Speak:
    import piper
    import sherpa_onnx

    with tempfile.TemporaryDirectory() as folder:
        graph, tokens = prepared(model, Path(folder))
        vits = sherpa_onnx.OfflineTtsVitsModelConfig(
            model=graph, tokens=tokens, data_dir=str(Path(piper.__file__).parent / "espeak-ng-data")
        )
        runtime = sherpa_onnx.OfflineTtsModelConfig(vits=vits, num_threads=threads or 2)
        # One sentence at a time, so that its first audio is as early as it can be.
        tts = sherpa_onnx.OfflineTts(
            sherpa_onnx.OfflineTtsConfig(model=runtime, max_num_sentences=1)
        )

    def speak(text: str, heard: Heard) -> None:
        def hear(samples, _progress: float) -> int:
            heard(len(samples) / tts.sample_rate)
            return 1

        tts.generate(text, callback=hear)

    return speak


if __name__ == "__main__":
    serve(load)
