"""piper-tts as a peer: speaks the lines it is told, and says how long it took.

Run in the peers' environment: ``python piper_peer.py VOICE.onnx THREADS``; THREADS 0 leaves the
number to it. Reads a JSON string a line, answers a JSON object a line: seconds to the first
sound and to the last, seconds of sound, and how much memory it ever had.
"""

import sys

from common import serve


def speaker(model: str, threads: int):
    import onnxruntime
    from piper import PiperVoice

    if threads:
        limited(onnxruntime, threads)
    voice = PiperVoice.load(model)

    def speak(text: str, heard) -> None:
        for chunk in voice.synthesize(text):
            heard(len(chunk.audio_float_array) / chunk.sample_rate)

    return speak


def limited(onnxruntime, threads: int) -> None:
    """piper-tts has no setting for threads: its sessions get one on the way."""
    create = onnxruntime.InferenceSession

    def session(path, sess_options=None, **options):
        sess_options = sess_options or onnxruntime.SessionOptions()
        sess_options.intra_op_num_threads = threads
        return create(path, sess_options=sess_options, **options)

    onnxruntime.InferenceSession = session


if __name__ == "__main__":
    serve(speaker(sys.argv[1], int(sys.argv[2])))
