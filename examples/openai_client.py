"""Everything that OpenAI's own client can ask of Sonca: models, a file, a stream, events.

python examples/openai_client.py http://127.0.0.1:11111
"""

import base64
import json
import sys

from openai import OpenAI

TEXT = "Hôm nay trời đẹp quá. Chúng ta cùng đi dạo nhé!"


def main(server: str) -> None:
    client = OpenAI(base_url=f"{server}/v1", api_key="not-needed")

    print("models:", ", ".join(model.id for model in client.models.list()))

    # The whole of it at once.
    speech = client.audio.speech.create(model="tts-1", voice="central-female", input=TEXT)
    print("mp3:", len(speech.content), "bytes")

    # As it is made: the first bytes are here before the last sentence is spoken.
    with client.audio.speech.with_streaming_response.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="wav", speed=1.25
    ) as response:
        response.stream_to_file("speech.wav")
    print("wav: speech.wav")

    # As server-sent events, with the place in the text that each piece of sound belongs to.
    with client.audio.speech.with_streaming_response.create(
        model="tts-1",
        voice="north-male",
        input=TEXT,
        response_format="pcm",
        stream_format="sse",
        extra_body={"marks": True},
    ) as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                show(json.loads(line.removeprefix("data: ")))


def show(event: dict) -> None:
    if event["type"] != "speech.audio.delta":
        print("event:", event["type"])
        return
    print("pcm:", len(base64.b64decode(event["audio"])), "bytes")
    for mark in event["marks"]:
        if mark["kind"] == "sentence":
            print(f"{mark['time_s']:.2f} s: {TEXT[mark['start'] : mark['end']]}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:11111")
