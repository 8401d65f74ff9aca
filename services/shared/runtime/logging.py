"""Log lines that machines and people can read, and that quote nobody.

Each call names its ``action``, from the vocabulary below, and its facts as ``extra``; the message
is for people. An exception is written as its type, its ``reason`` where it is one of ours, and the
places it passed: never its text, which may quote what a vendor or a stranger sent.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Literal, TextIO

import orjson

from services.shared.contract.errors import SyncError


class Action(StrEnum):
    """What happened, as a word to search for; a test holds every call to these."""

    STARTED = "started"
    STOPPING = "stopping"
    STOPPED = "stopped"
    STOP_OVERDUE = "stop_overdue"
    COMPANION_DIED = "companion_died"
    FEW_DESCRIPTORS = "few_descriptors"
    CONNECTIONS_WAIT = "connections_wait"  # to be taken, since the system has no more of something

    STORES_LOADED = "stores_loaded"
    STORES_UNREACHABLE = "stores_unreachable"
    STORES_UNREADABLE = "stores_unreadable"
    STORES_NOT_KEPT = "stores_not_kept"

    LOG_UNAVAILABLE = "log_unavailable"
    LOG_AVAILABLE = "log_available"
    LOG_GAP = "log_gap"
    TOPIC_DIFFERS = "topic_differs"
    HAND_OVER = "hand_over"
    STAND_BY = "stand_by"

    HOLD = "hold"  # a partition, because nothing on it can go on
    WAIT = "wait"
    DO_WITHOUT = "do_without"
    GUESS = "guess"
    IGNORE = "ignore"
    PROBE = "probe"
    LIFT = "lift"
    ISOLATE = "isolate"
    FAULT = "fault"  # our own

    SCAN = "scan"
    PROGRESS = "progress"
    UNINSTALL = "uninstall"
    OTHER_VERSION = "other_version"  # of a vendor's API than asked for
    PRUNE = "prune"
    REPAIR = "repair"
    RESEAL = "reseal"
    MOVE = "move"
    RESTART = "restart"


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# What belongs to uvicorn's own terminal output, and what it says of starting in its own words.
_NOISE = frozenset({"color_message"})


def configure_logging(
    style: Literal["json", "console"], level: str = "INFO", stream: TextIO | None = None
) -> None:
    """Write everything to ``stream`` (standard error), one line a record."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if style == "json" else ConsoleLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # At DEBUG the ledger's driver quotes all that is written, people's data with it.
    for chatty in ("uvicorn.error", "httpx", "httpcore", "alembic", "aiosqlite"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))
    # Kafka's client quotes whole events at DEBUG, and says of a broker that is away so ten times a
    # second, as an error. The log says it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """``at``, ``level``, ``logger``, ``message``, then the record's own facts."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **facts_in(record),
        }
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class ConsoleLines(logging.Formatter):
    """One line for people: time, level, message, facts."""

    def format(self, record: logging.LogRecord) -> str:
        """``12:00:01 warning  the message  action=… shop=…``."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone().strftime("%H:%M:%S")
        facts = " ".join(f"{name}={value}" for name, value in facts_in(record).items())
        return f"{at} {record.levelname.lower():8} {record.getMessage()}  {facts}".rstrip()


def facts_in(record: logging.LogRecord) -> Mapping[str, object]:
    """What was given as ``extra``, and the exception, without its text."""
    facts = {
        name: value
        for name, value in vars(record).items()
        if name not in _STANDARD and name not in _NOISE
    }
    if record.exc_info and record.exc_info[1]:
        facts |= problem_facts(record.exc_info[1])
    return facts


def problem_facts(problem: BaseException) -> dict[str, object]:
    """The type of an exception, its reason if it is one of ours, and the places it passed."""
    frames = traceback.extract_tb(problem.__traceback__)
    facts: dict[str, object] = {
        "error": type(problem).__name__,
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if isinstance(problem, SyncError):
        facts["reason"] = problem.reason
    if isinstance(problem, BaseExceptionGroup):
        facts["errors"] = [problem_facts(each) for each in problem.exceptions]
    return facts
