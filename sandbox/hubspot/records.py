"""The records of one object type: what is kept, and found by id or by a unique value."""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Literal

MadeBy = Literal["api", "person", "native"]


@dataclass(slots=True, kw_only=True)
class Record:
    """A CRM record. ``properties`` are texts as HubSpot keeps them; times are HubSpot's stamps."""

    id: str
    properties: dict[str, str]
    created_at: str
    updated_at: str
    made_by: MadeBy
    archived_at: str | None = None

    @property
    def archived(self) -> bool:
        """Whether the record is in the recycle bin."""
        return self.archived_at is not None


@dataclass(slots=True)
class Records:
    """All records of a type. A merged id keeps leading to the record it was merged into."""

    by_id: dict[str, Record] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    unique: dict[str, dict[str, str]] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Keep a new record; ids only ever grow."""
        self.by_id[record.id] = record
        self.order.append(int(record.id))
        for name, holders in self.unique.items():
            if value := record.properties.get(name):
                holders[folded(name, value)] = record.id

    def change(self, record: Record, values: dict[str, str]) -> None:
        """Overwrite properties; the empty text clears."""
        properties = record.properties
        for name, holders in self.unique.items():
            if name in values:
                self._move(name, holders, record, values[name])
        for name, value in values.items():
            if value:
                properties[name] = value
            else:
                properties.pop(name, None)

    def _move(self, name: str, holders: dict[str, str], record: Record, value: str) -> None:
        if before := record.properties.get(name):
            holders.pop(folded(name, before), None)
        if value:
            holders[folded(name, value)] = record.id

    def forget(self, record_id: str) -> None:
        """Remove a record for good, with every unique value that led to it."""
        self.by_id.pop(record_id, None)
        for holders in self.unique.values():
            for value in [each for each, holder in holders.items() if holder == record_id]:
                del holders[value]

    def found(self, record_id: str) -> Record | None:
        """The record with this id, or the one it was merged into; archived ones too."""
        record = self.by_id.get(record_id)
        if record is not None:
            return record
        while record_id in self.merged:
            record_id = self.merged[record_id]
        return self.by_id.get(record_id)

    def holder(self, name: str, value: str) -> Record | None:
        """The record that holds a unique value; archived ones too."""
        record_id = self.unique.get(name, {}).get(folded(name, value))
        return None if record_id is None else self.found(record_id)

    def index(self, name: str) -> None:
        """Keep ``name`` unique from now on; of values held twice the last one is found."""
        self.unique[name] = {
            folded(name, value): each.id
            for each in self.by_id.values()
            if (value := each.properties.get(name))
        }

    def release(self, record: Record) -> None:
        """Give the record's unique values free (an archived record that does not block)."""
        for name, holders in self.unique.items():
            value = record.properties.get(name)
            if value and holders.get(folded(name, value)) == record.id:
                del holders[folded(name, value)]

    def page(self, after: int, limit: int, *, archived: bool) -> tuple[list[Record], bool]:
        """Up to ``limit`` records with ids above ``after``, and whether there are more."""
        found: list[Record] = []
        for place in range(bisect_right(self.order, after), len(self.order)):
            record = self.by_id.get(str(self.order[place]))
            if record is None or record.archived != archived:
                continue
            if len(found) == limit:
                return found, True
            found.append(record)
        return found, False

    def live(self) -> list[Record]:
        """Every record outside the recycle bin, oldest first."""
        return [each for each in self.by_id.values() if not each.archived]


def folded(name: str, value: str) -> str:
    """The form in which unique values are compared: emails regardless of case."""
    return value.lower() if name == "email" else value
