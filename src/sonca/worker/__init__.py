"""The one thread that owns an engine, and the line before it."""

from sonca.worker.feed import Work
from sonca.worker.job import Request
from sonca.worker.ticket import Piece, Ticket
from sonca.worker.worker import Worker, WorkerStats

__all__ = ["Piece", "Request", "Ticket", "Work", "Worker", "WorkerStats"]
