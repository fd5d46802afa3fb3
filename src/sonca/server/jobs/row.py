"""A job's row, read. One that this version cannot read is shown as a job that failed.

Rows outlive versions: fields of a newer one are passed over here and stay in the row, which is
never written again; fields that an older one did not have get their defaults.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, get_args

from sonca.errors import StorageError
from sonca.server.jobs.options import JobOptions
from sonca.store.job_records import JobRecord, State


@dataclass(frozen=True, slots=True)
class JobRow:
    """What a row says."""

    record: JobRecord
    options: JobOptions
    result: dict[str, Any]

    @classmethod
    def read(cls, record: JobRecord) -> JobRow:
        """Reads a row. `StorageError` says why this version cannot."""
        try:
            if record.state not in get_args(State):
                raise ValueError(f"nobody here knows the state {record.state[:40]!r}")
            result = json.loads(record.result)
            if not isinstance(result, dict):
                raise ValueError("its result is not an object")
            return cls(record, JobOptions.load(record.options), result)
        except (ValueError, RecursionError) as error:  # of JSON nested too deeply
            raise StorageError(
                f"this version of Sonca cannot read the job {record.id}: {error}; use the version "
                "that wrote it, or delete the job and send the book again"
            ) from error

    @classmethod
    def shown(cls, record: JobRecord) -> JobRow:
        """Returns the row as its owner sees it."""
        try:
            return cls.read(record)
        except StorageError as error:
            options = JobOptions(file="", title=record.id, author="", chapters=())
            return cls(replace(record, state="failed"), options, {"error": str(error)})
