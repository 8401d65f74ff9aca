"""What a suite of tests asks of an implementation of the log: empty logs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import pytest

from services.shared.log.port import Log


class Place(Protocol):
    """An empty log that can be opened many times, one after another or side by side."""

    def open(self) -> AbstractAsyncContextManager[Log]:
        """The log as a process would open it."""


class Engine(Protocol):
    """Makes empty logs."""

    def place(self) -> AbstractAsyncContextManager[Place]:
        """A new empty log, gone when the context is left."""


class OnAnEngine:
    """Tests on logs that ``log_engine`` makes."""

    @pytest.fixture
    @abstractmethod
    def log_engine(self) -> Engine:
        """The implementation under test."""

    @pytest.fixture
    async def place(self, log_engine: Engine) -> AsyncIterator[Place]:
        async with log_engine.place() as place:
            yield place

    @pytest.fixture
    async def log(self, place: Place) -> AsyncIterator[Log]:
        async with place.open() as log:
            yield log
