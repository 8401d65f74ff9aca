"""The answers, made once: as the bytes that go over the wire, and in ASGI's terms."""

from __future__ import annotations

from typing import Any

from services.ingest.outcomes import DEFAULT_RETRY_SECONDS, STATUS, Outcome, headers_for


class Answer(dict[str, Any]):
    """An ASGI ``http.response.start`` of an answer without a body.

    Any server may treat it as the message it is; ours writes ``first_line`` and ``fields`` as they
    are, whatever the server itself adds between them.
    """

    __slots__ = ("fields", "first_line")

    def __init__(self, outcome: Outcome, retry_seconds: int = DEFAULT_RETRY_SECONDS) -> None:
        status = STATUS[outcome]
        headers = headers_for(outcome, retry_seconds=retry_seconds)
        super().__init__(type="http.response.start", status=status.value, headers=headers)
        self.first_line = b"HTTP/1.1 %d %s\r\n" % (status.value, status.phrase.encode())
        self.fields = fields_of(headers)


def fields_of(headers: list[tuple[bytes, bytes]]) -> bytes:
    """The headers as they go over the wire."""
    return b"".join(b"%b: %b\r\n" % header for header in headers)


ANSWERS = {outcome: Answer(outcome) for outcome in STATUS}
