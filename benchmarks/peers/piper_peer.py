"""piper-tts as a peer; runs in the peers' environment."""

from benchmarks.peers.common import Speak, serve
from benchmarks.spoken import Heard


def load(model: str, threads: int) -> Speak:
    import onnxruntime
    from piper import PiperVoice

    if threads:
        limit(onnxruntime, threads)
    voice = PiperVoice.load(model)

    def speak(text: str, heard: Heard) -> None:
        for chunk in voice.synthesize(text):
            heard(len(chunk.audio_float_array) / chunk.sample_rate)

    return speak


def limit(onnxruntime, threads: int) -> None:
    """piper-tts has no setting for threads: its sessions get one on the way."""
    create = onnxruntime.InferenceSession

    def session(path, sess_options=None, **options):
        sess_options = sess_options or onnxruntime.SessionOptions()
        sess_options.intra_op_num_threads = threads
        return create(path, sess_options=sess_options, **options)

    onnxruntime.InferenceSession = session


if __name__ == "__main__":
    serve(load)
