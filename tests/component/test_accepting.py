"""Connections are taken as they come, however many wait, and whatever the system runs out of."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvloop

from services.shared.runtime.accepting import Accepting
from services.shared.runtime.serving import listening_socket
from tests.support.waiting import until


class Counted(asyncio.Protocol):
    """Counts who has come."""

    come = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        Counted.come += 1
        transport.close()


@contextmanager
def waiting(count: int) -> Iterator[socket.socket]:
    """A listener, and so many who have connected to it before anybody looked."""
    Counted.come = 0
    with ExitStack() as stack:
        listener = stack.enter_context(listening_socket("127.0.0.1", 0, backlog=1024))
        for _ in range(count):
            sender = socket.create_connection(listener.getsockname(), 5)
            stack.enter_context(sender)
        yield listener


def test_thousands_that_wait_are_taken_within_a_few_turns_of_the_loop() -> None:
    async def taken(listener: socket.socket) -> list[int]:
        accepting = Accepting(listener, Counted)
        accepting.start()
        come = []
        while Counted.come < 900:
            await asyncio.sleep(0)
            come.append(Counted.come)
        accepting.close()
        return come

    with waiting(900) as listener:
        come = uvloop.run(asyncio.wait_for(taken(listener), 20))

    # libuv by itself takes one a turn. Those who are connected have their turns in between.
    assert 10 < len(set(come)) < 100


async def test_without_descriptors_the_rest_wait_and_are_taken_once_there_are_some(
    caplog: pytest.LogCaptureFixture,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with waiting(3) as listener:
        accepting = Accepting(listener, Counted)
        with caplog.at_level(logging.WARNING):
            resource.setrlimit(resource.RLIMIT_NOFILE, (_lowest_free(), hard))
            try:
                accepting.start()
                await until(lambda: "no connection can be taken for a while" in caplog.messages)
                come = Counted.come
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        await until(lambda: Counted.come == 3)
        accepting.close()

    assert come == 0
    assert [each.reason for each in caplog.records if hasattr(each, "reason")] == ["EMFILE"]


async def test_who_is_taken_at_the_end_has_begun_before_it_goes_on() -> None:
    with waiting(5) as listener:
        accepting = Accepting(listener, Counted)
        accepting.start()
        for _ in range(2):  # turns of the loop: they are taken, and not begun yet
            await asyncio.sleep(0)
        accepting.close()
        assert Counted.come == 0

        await accepting.begun()

    assert Counted.come == 5


async def test_who_comes_after_the_end_is_refused() -> None:
    with waiting(0) as listener:
        address = listener.getsockname()
        accepting = Accepting(listener, Counted)
        accepting.start()
        accepting.close()

        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*address)


def _lowest_free() -> int:
    free = os.dup(0)
    os.close(free)
    return free
