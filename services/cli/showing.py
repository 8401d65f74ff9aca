"""Where the demo shows how far it is: a screen on a terminal, lines in a file or a CI's log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console, Group
from rich.live import Live

from services.cli.screen import line, progress, screen
from services.cli.watching import Snapshot

_LINE_EVERY_SECONDS = 10.0
_DRAWN_A_SECOND = 4


class Shown(Protocol):
    """What the demo tells of itself, as often as it likes."""

    def show(self, seen: Snapshot, title: str, scans: int = 0) -> None:
        """Show the sync as it stands; of an initial one, how many ``scans`` it has."""


@contextmanager
def shown_on(console: Console, addresses: Mapping[str, str], *, once: bool) -> Iterator[Shown]:
    """A screen that is drawn anew if ``console`` can do that, lines if not."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield Lines(console, addresses)
        return
    with Live(console=console, refresh_per_second=_DRAWN_A_SECOND, transient=once) as live:
        yield Screen(live, addresses)


class Screen:
    """Everything at once, always the newest."""

    def __init__(self, live: Live, addresses: Mapping[str, str]) -> None:
        self._live = live
        self._addresses = addresses

    def show(self, seen: Snapshot, title: str, scans: int = 0) -> None:
        """See :class:`Shown`."""
        view = screen(seen, title, self._addresses)
        self._live.update(Group(progress(seen, scans), view) if scans else view)


class Lines:
    """The addresses once; then a line every ten seconds, and whenever something else begins."""

    def __init__(
        self,
        console: Console,
        addresses: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._console = console
        self._clock = clock
        self._title = ""
        self._due = 0.0
        for name, url in addresses.items():
            self._say(f"{name}: {url}")

    def show(self, seen: Snapshot, title: str, scans: int = 0) -> None:
        """See :class:`Shown`."""
        if title != self._title:
            self._say(title)
        elif self._clock() < self._due:
            return
        self._title, self._due = title, self._clock() + _LINE_EVERY_SECONDS
        self._say(f"  {line(seen, scans)}")

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=True, markup=False, highlight=False)
