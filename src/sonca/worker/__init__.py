"""The one thread that owns an engine, and the line before it."""

from sonca.worker.queued_request import Request
from sonca.worker.result_stream import ResultStream, StreamItem
from sonca.worker.work_queue import WorkItem
from sonca.worker.worker import Worker, WorkerStats

__all__ = ["Request", "ResultStream", "StreamItem", "WorkItem", "Worker", "WorkerStats"]
