"""Logs: one line per event, JSON for machines or text for people, each with its request's id."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from contextvars import ContextVar
from typing import Any

request_id_of_this_task: ContextVar[str | None] = ContextVar("request_id", default=None)

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}


class _Fields(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id_of_this_task.get()
        return True


class JsonFormatter(logging.Formatter):
    """A record as one JSON object. Line ends inside are escaped, so nobody forges a line."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        entry: dict[str, Any] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {k: v for k, v in vars(record).items() if k not in _USUAL and v is not None}
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=True, default=str)


class TextFormatter(logging.Formatter):
    """A record for a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        """Returns the line, before any traceback. A message of several lines, or with a terminal's
        commands in it, is shown on one: paths come from strangers."""
        record.message = _CONTROLS.sub(lambda c: f"\\x{ord(c[0]):02x}", record.message)
        line = super().formatMessage(record)
        for name, form in (("error", " {}"), ("duration_ms", " {} ms"), ("request_id", " [{}]")):
            value = getattr(record, name, None)
            if value is not None:
                line += form.format(value)
        return line


def configure(level: str, format: str) -> None:
    """Sends everything to stderr. `format`: ``json``, ``text``, or ``auto`` (text on a terminal).

    For a process that is ours; an app that is mounted elsewhere leaves logging to its host.
    """
    as_text = format == "text" or (format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter() if as_text else JsonFormatter())
    handler.addFilter(_Fields())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # Its lines about starting and stopping repeat ours.
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, logging.root.level))
