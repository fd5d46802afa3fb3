"""Clients that do not do their part: requests that never end, readers who take nothing. Real
sockets on a real server."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import math
import resource
import socket
import time
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from sonca.server.lifecycle import Admission, Lifecycle
from sonca.server.middleware import Receiving, _IncomingBody
from sonca.server.run import _connections_within
from sonca.server.speech.response import StreamReader

from .conftest import Live, Serve, wait_until
from .engines import CueEngine

SOME = "Một hai ba bốn năm. " * 20  # less than is made ahead: the engine is done at once
LONG = "Một hai ba bốn năm. " * 1000
SMALL = 4096
HALF = b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
BODY = json.dumps({"input": "Một hai.", "response_format": "pcm"}).encode()


def half_sent(live: Live, path: str = "/v1/audio/speech", *, more: bytes = b"") -> socket.socket:
    """A request of whose body six bytes come."""
    raw = live.connect()
    raw.sendall(HALF.replace(b"/v1/audio/speech", path.encode()) + more)
    raw.sendall(b"Content-Length: 500\r\n\r\n" + b'{"inpu')
    return raw


def answer(raw: socket.socket) -> tuple[int, bytes]:
    """Status and body of what comes."""
    response = http.client.HTTPResponse(raw, method="POST")
    response.begin()
    return response.status, response.read()


def closed(raw: socket.socket) -> bool:
    """Whether the server closes the connection, without a word more."""
    with contextlib.suppress(ConnectionResetError):
        return raw.recv(1) == b""
    return True


def stalled(live: Live, text: str = SOME) -> socket.socket:
    """A reader who takes nothing of what he asked for."""
    body = {"input": text, "response_format": "pcm"}
    return live.post_raw("/v1/audio/speech", body, receive_buffer=SMALL)


def in_flight(live: Live) -> int:
    return live.server.services.lifecycle.in_flight


def readers(live: Live) -> list[StreamReader]:
    """Those who are being sent a stream, the one who came first first."""
    places = sorted(live.server.services.lifecycle._places, key=lambda place: place.entered_at)
    return [place.reader for place in places if isinstance(place.reader, StreamReader)]


def all_stall(live: Live, count: int, for_s: float) -> None:
    """Wait until so many readers have taken nothing for so long, and the engine has nothing left to
    do for them. What they took would play for two seconds, which pass at once."""
    line = live.server.services.sonca.load()._line

    def do() -> bool:
        found = readers(live)
        for reader in found:
            reader._began_at = -math.inf
        stalled = len(found) == count and all(r.stalled_s > for_s for r in found)
        return stalled and all(place.stream.full for place in list(line.values()))

    wait_until(do, f"{count} stalled readers")


def closed_soon(raw: socket.socket) -> bool:
    raw.settimeout(0.1)
    try:
        return raw.recv(1000).startswith((b"", b"HTTP/1.1 431"))
    except TimeoutError:
        return False
    except OSError:
        return True


def cycles(live: Live) -> list[RequestResponseCycle]:
    """What is, or was last, answered on each connection."""
    found = [connection.cycle for connection in live.server._connections._all]
    return [cycle for cycle in found if cycle is not None]


def told(live: Live, line: str) -> bool:
    return line in live.http.get("/metrics").text


class TestReceiving:
    def test_half_sent_requests_take_no_place(self, serve: Serve) -> None:
        live = serve(queue_limit=1)
        half = [half_sent(live) for _ in range(5)]
        half += [half_sent(live, "/v1/audio/voices") for _ in range(5)]
        assert live.speech("một").status_code == 200
        assert in_flight(live) == 0
        for raw in half:
            raw.close()
        assert live.speech("một").status_code == 200

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "path", ["/v1/audio/speech", "/api/tts/synthesize", "/v1/jobs", "/v1/jobs/plan"]
    )
    def test_a_body_that_pauses_too_long_is_given_up_with_an_answer(
        self, serve: Serve, path: str
    ) -> None:
        live = serve(receive_timeout_s=0.3)
        raw = half_sent(live, path)
        status, body = answer(raw)
        assert status == 408
        assert b"SONCA_RECEIVE_TIMEOUT_S" in body
        assert b"receive_timeout" in body
        assert closed(raw)
        wait_until(lambda: told(live, 'sonca_errors_total{code="receive_timeout"} 1.0'))

    @pytest.mark.slow
    def test_a_slow_but_steady_upload_passes(self, serve: Serve) -> None:
        live = serve(receive_timeout_s=2.0)
        raw = live.connect()
        raw.sendall(HALF + b"Content-Length: %d\r\n\r\n" % len(BODY))
        for n in range(len(BODY)):
            raw.sendall(BODY[n : n + 1])
            time.sleep(0.05)  # less than the limit each, more than it in all
        assert answer(raw)[0] == 200

    def test_half_a_head_is_given_up_with_an_answer(self, serve: Serve) -> None:
        live = serve(receive_timeout_s=0.3)
        raw = live.connect()
        raw.sendall(HALF)
        assert answer(raw)[0] == 408
        assert closed(raw)

    def test_a_connection_that_asks_for_nothing_is_closed(self, serve: Serve) -> None:
        live = serve(receive_timeout_s=0.3)
        assert closed(live.connect())

    def test_a_connection_between_two_requests_may_be_idle_for_longer(self, serve: Serve) -> None:
        live = serve(receive_timeout_s=0.2)
        raw = live.connect()
        ask = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        raw.sendall(ask)
        assert raw.recv(1000).startswith(b"HTTP/1.1 200")
        time.sleep(0.6)
        raw.sendall(ask)
        assert raw.recv(1000).startswith(b"HTTP/1.1 200")

    def test_a_key_is_asked_for_before_anything_is_read(self, serve: Serve) -> None:
        live = serve(api_keys="key")
        assert answer(half_sent(live))[0] == 401

    def test_bodies_that_fill_the_memory_give_way_the_longest_silent_first(
        self, serve: Serve
    ) -> None:
        live = serve(receive_bytes=4000)
        raws = []
        for _ in range(2):
            raw = live.connect()
            raw.sendall(HALF + b"Content-Length: 5000\r\n\r\n" + b" " * 3000)
            raws.append(raw)
            time.sleep(0.1)
        status, body = answer(raws[0])
        assert status == 429
        assert json.loads(body)["error"]["code"] == "too_much_received"
        assert "SONCA_RECEIVE_BYTES" in json.loads(body)["error"]["message"]
        raws[1].sendall(BODY + b" " * (2000 - len(BODY)))
        assert answer(raws[1])[0] == 200

    def test_one_body_alone_may_be_as_large_as_a_body_may_be(self, serve: Serve) -> None:
        live = serve(receive_bytes=4000)
        assert live.speech("một" + " " * 100_000).status_code == 200

    def test_small_bodies_do_not_pay_for_large_ones(self, serve: Serve) -> None:
        live = serve(receive_bytes=4000)
        small = live.connect()
        small.sendall(HALF + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY[:8])
        large = []
        for _ in range(2):
            raw = live.connect()
            raw.sendall(HALF + b"Content-Length: 5000\r\n\r\n" + b" " * 3000)
            large.append(raw)
            time.sleep(0.1)
        assert answer(large[0])[0] == 429
        small.sendall(BODY[8:])
        assert answer(small)[0] == 200
        large[1].close()

    def test_a_head_without_end_is_refused(self, serve: Serve) -> None:
        live = serve()
        raw = live.connect()
        raw.sendall(HALF)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            for _ in range(100):
                raw.sendall(b"X-More: " + b"a" * 4000 + b"\r\n")
        wait_until(lambda: not live.server._connections._all or closed_soon(raw), "the end")

    def test_who_goes_while_he_sends_a_book_is_no_error(self, serve: Serve) -> None:
        live = serve()
        for path in ("/v1/jobs", "/v1/jobs/plan"):
            half_sent(live, path).close()
        count = 'sonca_http_requests_total{method="POST",route="/v1/jobs",status="499"} 1.0'
        wait_until(lambda: told(live, count), "the log of it")
        assert told(live, "sonca_unhandled_exceptions_total 0.0")

    def test_several_requests_at_once_of_one_who_goes_are_all_given_up(self, serve: Serve) -> None:
        live = serve(engine="cue")
        CueEngine.gate.clear()
        body = json.dumps({"input": "chờ. chờ. chờ.", "response_format": "pcm"}).encode()
        raw = live.connect()
        raw.sendall((HALF + b"Content-Length: %d\r\n\r\n" % len(body) + body) * 2)
        wait_until(lambda: in_flight(live) == 1, "the first of them")
        raw.close()
        wait_until(lambda: in_flight(live) == 0, "the end of it")
        CueEngine.gate.set()

    def test_stalled_readers_leave_to_a_newcomer_where_they_are_all_there_is(
        self, serve: Serve
    ) -> None:
        live = serve(max_connections=8, stall_timeout_s=0.3, send_buffer=SMALL)
        live.http.close()  # its connection would be one of them
        raws = [stalled(live, LONG) for _ in range(8)]
        all_stall(live, 8, 0.4)
        for _ in range(2):
            newcomer = live.connect()
            newcomer.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert newcomer.recv(100).startswith(b"HTTP/1.1 200")
            newcomer.close()
        for raw in raws:
            raw.close()

    def test_who_is_reading_the_rest_of_an_answer_is_not_cut_for_a_newcomer(
        self, serve: Serve
    ) -> None:
        live = serve(max_connections=8, send_buffer=SMALL)
        live.http.close()
        streams = [stalled(live, LONG) for _ in range(7)]
        all_stall(live, 7, 0.0)
        body = {"input": SOME[:160], "response_format": "wav"}  # sent whole
        raw = live.post_raw("/v1/audio/speech", body, receive_buffer=SMALL)
        wait_until(lambda: any(c.response_complete for c in cycles(live)), "the answer")
        assert closed(live.connect())
        status, sound = answer(raw)
        assert (status, sound[:4]) == (200, b"RIFF")
        for stream in streams:
            stream.close()

    def test_over_the_limit_the_longest_silent_connection_is_closed(self, serve: Serve) -> None:
        live = serve(max_connections=8)
        silent = [live.connect() for _ in range(8)]
        assert live.http.get("/livez").status_code == 200
        assert closed(silent[0])
        silent[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert silent[-1].recv(100).startswith(b"HTTP/1.1 200")
        flood = [live.connect() for _ in range(100)]
        wait_until(lambda: len(live.server.server_state.connections) <= 8, "the limit")
        flood[-1].sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert flood[-1].recv(100).startswith(b"HTTP/1.1 200")


class TestStalling:
    def test_the_reader_who_has_stalled_longest_makes_room(
        self, serve: Serve, caplog: pytest.LogCaptureFixture
    ) -> None:
        live = serve(queue_limit=1, stall_timeout_s=0.3, send_buffer=SMALL)
        first = stalled(live)
        all_stall(live, 1, 0.1)
        second = stalled(live)
        all_stall(live, 2, 0.4)
        assert live.speech("một").status_code == 200
        assert told(live, 'sonca_broken_streams_total{reason="stalled"} 1.0')
        assert "SONCA_STALL_TIMEOUT_S" in caplog.text
        with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
            answer(first)
        assert answer(second)[0] == 200  # all of it

    def test_nobody_makes_room_before_the_limit(self, serve: Serve) -> None:
        live = serve(queue_limit=1, stall_timeout_s=60, send_buffer=SMALL)
        kept = [stalled(live)]
        all_stall(live, 1, 0.0)
        kept.append(stalled(live))
        all_stall(live, 2, 0.0)
        refused = live.speech("một")
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "too_many_requests"
        assert "SONCA_QUEUE_LIMIT" in refused.json()["error"]["message"]
        assert int(refused.headers["retry-after"]) >= 1
        assert live.http.get("/v1/models").status_code == 200  # what makes no sound
        assert [answer(raw)[0] for raw in kept] == [200, 200]

    @pytest.mark.slow
    def test_a_paused_reader_in_nobodys_way_gets_all_after_any_time(self, serve: Serve) -> None:
        live = serve(queue_limit=1, stall_timeout_s=0.1, request_timeout_s=0.5, send_buffer=SMALL)
        raw = stalled(live)
        all_stall(live, 1, 1.0)
        assert live.speech("một").status_code == 200
        status, body = answer(raw)
        assert (status, len(body)) == (200, len(live.speech(SOME, response_format="pcm").content))

    def test_a_reader_who_takes_a_little_has_not_stalled(self, serve: Serve) -> None:
        """With the buffers that the system likes, where much must be read before it says so."""
        live = serve()
        raw = stalled(live, LONG)
        all_stall(live, 1, 0.5)
        (reader,) = readers(live)
        taken_at = reader._connection._taken_at  # type: ignore[attr-defined]
        raw.recv(2 * SMALL)
        wait_until(lambda: reader._connection._taken_at > taken_at, "the notice")  # type: ignore[attr-defined]
        assert reader._connection in live.server._connections.behind
        raw.close()

    def test_stalled_readers_are_not_in_the_engines_line(self, serve: Serve) -> None:
        """They wait for nothing: who comes is served though none of them has stalled for long."""
        live = serve(queue_limit=2, stall_timeout_s=60, send_buffer=SMALL)
        raws = [stalled(live, LONG) for _ in range(2)]
        all_stall(live, 2, 0.0)
        for _ in range(3):
            assert live.speech("một").status_code == 200
        assert live.stats.depth["interactive"] == 2
        for raw in raws:
            raw.close()


class Client:
    """A connection whose reader has stalled for so long."""

    def __init__(self, stalled_s: float) -> None:
        self.stalled_s = stalled_s
        self.cuts: list[str] = []
        self.gone = lambda: None

    def cut(self, reason: str) -> None:
        self.cuts.append(reason)
        self.gone()


class Wire:
    """A connection on which so much waits, and whose reader has taken nothing for so long."""

    def __init__(self, unread: int, stalled_s: float = 40.0) -> None:
        self.unread, self.stalled_s = unread, stalled_s

    def count_unread(self) -> int:
        return self.unread


class TestListening:
    """What a player took at once it plays for a while."""

    def reader(self, unread: int, played_s: float) -> StreamReader:
        spoken: Any = SimpleNamespace(duration_s=100.0)
        reader = StreamReader(spoken, Wire(unread))
        reader.sent_bytes = 1000
        reader._began_at -= played_s
        return reader

    def test_who_may_be_playing_what_he_took_has_not_stalled(self) -> None:
        assert self.reader(unread=500, played_s=40).stalled_s == 0
        assert self.reader(unread=0, played_s=99).stalled_s == 0

    def test_who_must_have_played_all_of_it_has(self) -> None:
        assert self.reader(unread=500, played_s=60).stalled_s == 40
        assert self.reader(unread=1000, played_s=31).stalled_s == 40


def test_a_body_whose_time_is_over_harms_no_other() -> None:
    """In the moment in which both would be given up."""

    class Expiring:
        def expired(self) -> bool:
            return True

        def reschedule(self, when: float) -> None:
            raise RuntimeError("Cannot change state of expiring Timeout")

    receiving = Receiving(
        lambda *_: None,  # type: ignore[arg-type, return-value]
        lifecycle=Lifecycle(1),
        timeout_s=1,
        max_total_bytes=10,
        max_body_bytes=100,
        max_upload_bytes=100,
    )
    late, fine = _IncomingBody(100, waiting=Expiring()), _IncomingBody(100)  # type: ignore[arg-type]
    receiving._count(late, 8)
    receiving._count(fine, 8)
    assert not late.gave_way


@pytest.mark.parametrize(("hard", "taken"), [(4096, 1000), (1100, 844), (100, 1)])
def test_there_are_no_more_connections_than_files(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, hard: int, taken: int
) -> None:
    limits = [min(1024, hard), hard]
    monkeypatch.setattr(resource, "getrlimit", lambda _: tuple(limits))
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.__setitem__(0, new[0]))
    assert _connections_within(1000) == taken
    assert ("ulimit" in caplog.text) == (taken < 1000)


class TestMakingRoom:
    def place(self, life: Lifecycle, client: Client) -> Admission:
        place = asyncio.run(life.enter())
        place.reader = client
        client.gone = lambda: life.leave(place)  # type: ignore[assignment]
        return place

    def test_the_longest_over_the_limit_goes_and_no_other(self) -> None:
        life = Lifecycle(3, stall_timeout_s=30)
        clients = [Client(stalled_s) for stalled_s in (29, 31, 40)]
        for client in clients:
            self.place(life, client)
        asyncio.run(life.enter())
        assert [client.cuts for client in clients] == [[], [], ["stalled"]]
        assert life.in_flight == 3
