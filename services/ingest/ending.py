"""How a connection ends: with a last word in its turn, and without waiting for who never reads."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from services.ingest.answers import Answer
from services.ingest.connection import Connection

# How long a refused sender may take to read why: closing on unread bytes resets the connection,
# and the answer is lost. Nothing is read meanwhile.
LINGER_SECONDS = 0.5

_CLOSING = b"connection: close\r\n\r\n"


class Ending(Connection):
    """One connection, as far as ending it goes."""

    unread_seconds: ClassVar[float]  # how long answers may wait for a sender that reads none

    _ends = False  # once all that came whole is answered
    _last_word: Answer | None = None
    _unread: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Answers pile up: the sender has so long to read some."""
        super().pause_writing()
        self._unread = self.loop.call_later(self.unread_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """It does read."""
        super().resume_writing()
        self._forget_unread()

    def connection_lost(self, exc: Exception | None) -> None:
        """As in uvicorn."""
        self._forget_unread()
        super().connection_lost(exc)

    def part(self) -> None:
        """End the connection now; what nobody has read shortly after is not sent any more."""
        self.transport.close()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def end_with(self, answer: Answer | None, *, unfinished: bool) -> None:
        """Let what came whole be answered first, then tell this, if anything, and close.

        ``unfinished`` says whether the latest request is the one refused; if that has been
        answered already, as one that need not be read, there is nothing left to say.
        """
        latest = self.unanswered()
        if unfinished and (latest is None or latest.response_started):
            self.part()
            return
        waits = bool(self.pipeline) if unfinished else latest is not None
        if unfinished and latest is not None:
            latest.disconnected = True
            latest.wake()
            if self.pipeline:
                self.pipeline.popleft()
        self._last_word = answer
        self._ends = True
        if not waits:
            self.end_if_said()

    def end_if_said(self) -> bool:
        """Tell what waited for the answers before it, and close; whether that was to be done."""
        if self._ends and self._last_word is not None:
            self._say(self._last_word)
        elif self._ends:
            self.part()
        return self._ends

    def _say(self, answer: Answer) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(answer.first_line + answer.fields + _CLOSING)
        if self.transport.can_write_eof():  # not over TLS
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _forget_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
