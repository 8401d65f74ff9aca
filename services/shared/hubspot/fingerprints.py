"""What we last wrote to a HubSpot record, small enough to keep: one hash a property.

A fingerprint is packed bytes, twelve a property, sorted: four bytes of the name's hash, eight of
the value's. Equal properties have equal fingerprints. Two names of one record in the same four
bytes are told apart: such a property counts as changed, so that it is written once too often rather
than once too seldom.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple

_NAME: Final = 4
_VALUE: Final = 8
_ENTRY: Final = _NAME + _VALUE
_SHORT: Final = 32  # characters: longer values seldom come again, and would take memory
_MOST: Final = 8192  # values whose hashes are kept


def fingerprint_of(properties: Mapping[str, str]) -> bytes:
    """The fingerprint of ``properties``."""
    return b"".join(
        [
            hashed + _value_hashes[properties[name]]
            for name, hashed in _hashed(tuple(properties)).in_order
        ]
    )


def changed(properties: Mapping[str, str], fingerprint: bytes) -> dict[str, str]:
    """Those of ``properties`` that differ from what was last written, or never were.

    A damaged fingerprint knows nothing: everything is changed.
    """
    known = _unpacked(fingerprint)
    names = _hashed(tuple(properties))
    different = {
        name
        for name, hashed in names.in_order
        if known.get(hashed) != _value_hashes[properties[name]]
    }
    return {
        name: value
        for name, value in properties.items()
        if name in different or name in names.doubled
    }


def merged(fingerprint: bytes, written: Mapping[str, str]) -> bytes:
    """The fingerprint after ``written`` was acknowledged on top of what was there."""
    latest = fingerprint_of(written)
    if not fingerprint:
        return latest
    hashes = _unpacked(fingerprint) | _unpacked(latest)
    return b"".join([name + hashes[name] for name in sorted(hashes)])


def _unpacked(fingerprint: bytes) -> dict[bytes, bytes]:
    if len(fingerprint) % _ENTRY:
        return {}
    starts = range(0, len(fingerprint), _ENTRY)
    return {fingerprint[at : at + _NAME]: fingerprint[at + _NAME : at + _ENTRY] for at in starts}


class _Names(NamedTuple):
    """A record's names with their hashes, in their order; ``doubled`` share one with another."""

    in_order: tuple[tuple[str, bytes], ...]
    doubled: frozenset[str]


@lru_cache(maxsize=1024)  # few: those that a mapping writes together
def _hashed(names: tuple[str, ...]) -> _Names:
    by_hash: dict[bytes, list[str]] = {}
    for name in names:
        by_hash.setdefault(_name_hash(name), []).append(name)
    return _Names(
        in_order=tuple((by_hash[each][-1], each) for each in sorted(by_hash)),
        doubled=frozenset(name for some in by_hash.values() if len(some) > 1 for name in some),
    )


@lru_cache(maxsize=4096)  # names are few: those of the mappings
def _name_hash(name: str) -> bytes:
    return _digest(name, _NAME)


class _ValueHashes(dict[str, bytes]):
    """Hashes of values, made when they are asked for.

    Most values are few: currencies, states, shops, amounts, nothing at all. Their hashes are kept
    until there are too many. A look into a dictionary costs half of what a cached call does, and
    there is one for each property of each row.
    """

    def __missing__(self, value: str) -> bytes:
        hashed = _digest(value, _VALUE)
        if len(value) <= _SHORT:
            if len(self) >= _MOST:
                self.clear()
            self[value] = hashed
        return hashed


_value_hashes: Final = _ValueHashes()


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
