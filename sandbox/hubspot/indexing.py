"""What search sees: records as they were some time ago."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.hubspot.records import Record

Seen = dict[str, str]


@dataclass(slots=True)
class SearchIndex:
    """Writes not yet visible to search, each with what search shows of the record meanwhile.

    ``shown[(type, id)]`` is what search still shows (None: nothing), exact for writes made
    while the lag is on.
    """

    pending: deque[tuple[float, str, str, Seen | None]] = field(default_factory=deque)
    shown: dict[tuple[str, str], Seen | None] = field(default_factory=dict)

    def keep(self, object_type: str, record: Record) -> None:
        """A known record is about to be written: hold on to what search shows of it."""
        now = None if record.archived else dict(record.properties)
        self.shown.setdefault((object_type, record.id), now)

    def note(self, object_type: str, record: Record, at: float) -> None:
        """A record was written; until the lag has passed, search shows what was kept of it."""
        self.shown.setdefault((object_type, record.id), None)
        now = None if record.archived else dict(record.properties)
        self.pending.append((at, object_type, record.id, now))

    def catch_up(self, until: float) -> None:
        """Make visible what was written up to ``until``."""
        while self.pending and self.pending[0][0] <= until:
            _, object_type, record_id, seen = self.pending.popleft()
            self.shown[object_type, record_id] = seen

    def of(self, object_type: str, live: Iterable[Record]) -> list[tuple[str, Seen]]:
        """What search shows of a type: ids with properties."""
        shown = self.shown
        found: list[tuple[str, Seen]] = []
        for record in live:
            seen = shown.get((object_type, record.id), record.properties)
            if seen is not None:
                found.append((record.id, seen))
        return found
