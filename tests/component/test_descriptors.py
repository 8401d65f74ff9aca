"""A process may have open what it needs, as far as the system lets it."""

from __future__ import annotations

import logging
import resource
from collections.abc import Iterator

import pytest

from services.shared.runtime.descriptors import allow_descriptors


@pytest.fixture
def hard() -> Iterator[int]:
    """The most there may be, with a soft limit as shells have it; put back afterwards."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    yield before[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def soft_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def test_what_is_needed_is_allowed(hard: int, caplog: pytest.LogCaptureFixture) -> None:
    allow_descriptors(2048)

    assert soft_limit() == 2048
    assert caplog.messages == []

    allow_descriptors(100)

    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (2048, hard)


def test_more_than_there_may_be_is_said(hard: int, caplog: pytest.LogCaptureFixture) -> None:
    if hard == resource.RLIM_INFINITY:
        pytest.skip("nothing is too much here")
    with caplog.at_level(logging.WARNING):
        allow_descriptors(hard + 1)

    assert soft_limit() == hard
    assert caplog.messages == ["fewer connections can be open than are allowed"]
