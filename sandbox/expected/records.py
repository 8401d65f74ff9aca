"""Both sides' dumps as the comparison reads them: found by key, by email, by association."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

NATIVE_KEYS: Mapping[str, str] = {
    "orders": "hs_external_order_id",
    "carts": "hs_external_cart_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A HubSpot record."""

    kind: str
    id: str
    properties: Mapping[str, str | None]
    archived: bool

    @property
    def key(self) -> str | None:
        """Which Shopify record it is: ``shopify_sync_key``, else the native key."""
        shown = self.properties.get
        store, native = shown("hs_source_store"), shown(NATIVE_KEYS.get(self.kind, ""))
        return shown("shopify_sync_key") or (f"{store}/{native}" if store and native else None)

    @property
    def emails(self) -> frozenset[str]:
        """Every email of a contact, in lower case."""
        more = (self.properties.get("hs_additional_emails") or "").split(";")
        every = [self.properties.get("email") or "", *more]
        return frozenset(each.strip().lower() for each in every if each.strip())


class HubSpotDump:
    """What ``GET /_sandbox/records`` of the HubSpot simulator answered.

    ``keyless_lines`` are the ids of live line items that people made.
    """

    def __init__(self, dump: Json) -> None:
        self._records = {
            kind: [_found(kind, each) for each in dump.get(kind, ())]
            for kind in ("contacts", "products", "orders", "line_items", "carts")
        }
        self._live_ids = {kind: {each.id for each in self.live(kind)} for kind in self._records}
        self.keyless_lines = frozenset(each.id for each in self.live("line_items") if not each.key)
        self._linked: dict[tuple[str, str, str], set[str]] = defaultdict(set)
        for each in dump.get("associations", ()):
            source = (each["from_type"], str(each["from_id"]))
            target = (each["to_type"], str(each["to_id"]))
            self._linked[(*source, target[0])].add(target[1])
            self._linked[(*target, source[0])].add(source[1])

    def live(self, kind: str) -> Iterator[Found]:
        """Records of an object that are not archived."""
        return (each for each in self._records[kind] if not each.archived)

    def archived(self, kind: str) -> Iterator[Found]:
        """Records of an object in the recycle bin."""
        return (each for each in self._records[kind] if each.archived)

    def by_key(self, kind: str) -> Mapping[str, Sequence[Found]]:
        """Live records of an object that stand for a Shopify record."""
        return grouped((each.key, each) for each in self.live(kind))

    def linked(self, record: Found, kind: str) -> frozenset[str]:
        """Ids of the live records of ``kind`` that ``record`` is associated with, either way."""
        linked = self._linked.get((record.kind, record.id, kind), set())
        return frozenset(linked & self._live_ids[kind])


def grouped(pairs: Iterable[tuple[str | None, Found]]) -> Mapping[str, Sequence[Found]]:
    """Records by key; those without one are left out."""
    groups: dict[str, list[Found]] = defaultdict(list)
    for key, record in pairs:
        if key:
            groups[key].append(record)
    return groups


def product_ids(records: Iterable[Found]) -> Mapping[str, frozenset[str]]:
    """HubSpot ids of products by key."""
    by_key = grouped((each.key, each) for each in records)
    return {key: frozenset(each.id for each in group) for key, group in by_key.items()}


def _found(kind: str, record: Json) -> Found:
    return Found(
        kind=kind,
        id=str(record["id"]),
        properties=record["properties"],
        archived=bool(record.get("archived")),
    )
