"""Threads that nobody waits for say what ended them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from sonca import background


class _Panic(BaseException):
    """As a library in Rust raises."""


@pytest.mark.parametrize("kind", [ValueError, _Panic])
def test_what_ends_a_thread_is_logged(
    kind: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> None:
        raise kind("fsync on -1")

    background.start(work, "sonca-test").join()
    assert "the thread sonca-test ended" in caplog.text
    assert "fsync on -1" in caplog.text


def test_what_ends_a_task_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def work() -> None:
        raise ValueError("no disk")

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).add_done_callback(background.report)
    assert "no disk" in caplog.text
