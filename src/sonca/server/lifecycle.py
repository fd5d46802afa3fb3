"""Where the server is in its life, and how many requests are being answered.

Touched from the event loop alone, but for `drain`, which a signal handler calls.
"""

from __future__ import annotations

from sonca.errors import Busy, ShuttingDown


class Lifecycle:
    """Counts the work in flight and says when there is to be no more."""

    def __init__(self, max_in_flight: int) -> None:
        self.draining = False
        self.in_flight = 0
        """Requests that make or take in sound, until their last byte is sent."""
        self._max_in_flight = max_in_flight

    def drain(self) -> None:
        """Take no new work from now on."""
        self.draining = True

    def enter(self) -> None:
        """Count a request in, or refuse it: `ShuttingDown`, `Busy`."""
        if self.draining:
            raise ShuttingDown("the server is shutting down; try again soon")
        if self.in_flight >= self._max_in_flight:
            raise Busy(
                f"{self.in_flight} requests are being answered and the limit is "
                f"{self._max_in_flight}, twice SONCA_QUEUE_LIMIT; try again soon",
                retry_after_s=2,
                reason="too_many_requests",
            )
        self.in_flight += 1

    def leave(self) -> None:
        """Count a request out."""
        self.in_flight -= 1
