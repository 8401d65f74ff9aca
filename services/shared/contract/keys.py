"""Keys of events and claims: ``<shop>/<kind>/<id>``."""

from __future__ import annotations

import msgspec

from services.shared.contract.errors import EventAtFaultError

_PARTS = 3


class SourceKey(msgspec.Struct, frozen=True, order=True):
    """One Shopify record: the shop's full host, our name of its kind, and Shopify's id as text."""

    shop: str
    kind: str
    id: str

    def __str__(self) -> str:
        """The key as it stands on the log and in claims."""
        return f"{self.shop}/{self.kind}/{self.id}"


def source_key_in(key: str) -> SourceKey:
    """The record a log key names.

    Raises:
        EventAtFaultError: the key has not three parts.
    """
    parts = key.split("/", _PARTS - 1)
    if len(parts) != _PARTS or not all(parts):
        raise EventAtFaultError("bad_key")
    return SourceKey(*parts)
