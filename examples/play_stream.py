"""Speak a text through this machine's speakers while the server is still making the sound.

    python examples/play_stream.py "Xin chào các bạn." --voice south-female

Needs only a running server and the package sounddevice. Raw PCM is the simplest stream there
is: 24,000 samples a second of 16-bit little-endian integers, one channel.
"""

import argparse
import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator

import sounddevice

SAMPLE_RATE_HZ = 24_000
BYTES_PER_SAMPLE = 2


def stream(server: str, text: str, voice: str) -> Iterator[bytes]:
    """The sound as it arrives, in pieces of whole samples."""
    body = {"input": text, "voice": voice, "response_format": "pcm"}
    request = urllib.request.Request(
        f"{server}/v1/audio/speech",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    rest = b""
    with urllib.request.urlopen(request) as response:
        while piece := response.read1():
            piece = rest + piece
            whole = len(piece) - len(piece) % BYTES_PER_SAMPLE
            yield piece[:whole]
            rest = piece[whole:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text")
    parser.add_argument("--voice", default="north-female")
    parser.add_argument("--server", default="http://127.0.0.1:11111")
    args = parser.parse_args()
    try:
        with sounddevice.RawOutputStream(SAMPLE_RATE_HZ, channels=1, dtype="int16") as speakers:
            for piece in stream(args.server, args.text, args.voice):
                speakers.write(piece)
    except urllib.error.HTTPError as error:
        sys.exit(json.load(error)["error"]["message"])
    except urllib.error.URLError as error:
        sys.exit(f"no server at {args.server}: {error.reason}; start one with: sonca serve")


if __name__ == "__main__":
    main()
