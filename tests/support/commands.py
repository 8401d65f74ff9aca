"""What the commands of the tests have in common: both servers, and an environment of their own."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from tests.support.environment import forget_settings
from tests.support.kafka import starting
from tests.support.postgres import NoPostgresError


def on_both_servers(run: Callable[[], int]) -> int:
    """The exit code of ``run``, which starts Kafka and PostgreSQL; 1 where one cannot be had."""
    forget_settings()
    if lacking := starting.lacking():
        sys.stderr.write(f"No broker can be started: {lacking} is missing.\n")
        return 1
    # That a killed server does not answer is what the command says, not a client's log.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        return run()
    except NoPostgresError as problem:
        sys.stderr.write(f"No PostgreSQL is to be had: {problem}\n")
        return 1
