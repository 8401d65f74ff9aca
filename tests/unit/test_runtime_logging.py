from __future__ import annotations

import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest

from services.shared.contract.errors import LogUnavailableError
from services.shared.ledger.engine import opened, statement
from services.shared.runtime.logging import Action, configure_logging

log = logging.getLogger("shopsync.test")


@pytest.fixture(autouse=True)
def root_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def written(style: Literal["json", "console"]) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(style, stream=stream)
    return stream


def test_a_line_of_json_has_the_action_and_the_facts() -> None:
    stream = written("json")

    log.warning("the log does not take events", extra={"action": Action.LOG_UNAVAILABLE, "n": 3})

    line = json.loads(stream.getvalue())
    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "warning",
        "logger": "shopsync.test",
        "message": "the log does not take events",
        "action": "log_unavailable",
        "n": 3,
    }


def test_an_exception_is_told_by_type_reason_and_place_but_never_quoted() -> None:
    stream = written("json")

    def die() -> None:
        raise ExceptionGroup("ada@example.com", [LogUnavailableError("full", detail="ada@x.com")])

    try:
        die()
    except ExceptionGroup:
        log.exception("it died")

    line = json.loads(stream.getvalue())
    assert "ada" not in stream.getvalue()
    assert line["error"] == "ExceptionGroup"
    assert line["errors"][0]["error"] == "LogUnavailableError"
    assert line["errors"][0]["reason"] == "full"
    assert "test_runtime_logging.py" in line["trace"][0]


def test_a_line_for_people_has_the_same_facts() -> None:
    stream = written("console")

    log.info("ingest listens", extra={"action": Action.STARTED, "port": 8000})

    assert stream.getvalue().endswith("info     ingest listens  action=started port=8000\n")


def test_libraries_that_chat_are_quiet() -> None:
    stream = written("json")

    logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)

    assert stream.getvalue() == ""


def test_at_debug_the_ledger_s_driver_does_not_quote_what_is_written() -> None:
    stream = io.StringIO()
    configure_logging("json", "DEBUG", stream)

    async def write() -> None:
        async with opened("sqlite+aiosqlite:///:memory:") as ledger, ledger.transaction() as tx:
            await tx.run(statement("SELECT :email AS email"), email="ada@example.com")

    asyncio.run(write())

    assert "ada@" not in stream.getvalue()


def test_every_call_names_an_action_of_the_vocabulary_and_each_is_named() -> None:
    texts = [path.read_text() for path in (Path(__file__).parents[2] / "services").rglob("*.py")]
    literals = [each for text in texts for each in re.findall(r'"action": "\w+"', text)]
    members = {each for text in texts for each in re.findall(r"\bAction\.([A-Z_]+)\b", text)}

    assert literals == []
    assert members == set(Action.__members__)
