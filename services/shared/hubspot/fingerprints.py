"""What we last wrote to a HubSpot record, small enough to keep: one hash a property.

A fingerprint is packed bytes, twelve a property, sorted: four bytes of the name's hash, eight of
the value's. Equal properties have equal fingerprints. Two names of one record in the same four
bytes are told apart: such a property counts as changed, so that it is written once too often rather
than once too seldom.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final

_NAME: Final = 4
_VALUE: Final = 8
_ENTRY: Final = _NAME + _VALUE
_SHORT: Final = 32  # characters: longer values seldom come again, and would take memory


def fingerprint_of(properties: Mapping[str, str]) -> bytes:
    """The fingerprint of ``properties``."""
    return _packed(_hashes(properties))


def changed(properties: Mapping[str, str], fingerprint: bytes) -> dict[str, str]:
    """Those of ``properties`` that differ from what was last written, or never were.

    A damaged fingerprint knows nothing: everything is changed.
    """
    known = _unpacked(fingerprint)
    twice = _doubled(list(map(_name_hash, properties)))
    return {
        name: value
        for name, value in properties.items()
        if known.get(hashed := _name_hash(name)) != _value_hash(value) or hashed in twice
    }


def merged(fingerprint: bytes, written: Mapping[str, str]) -> bytes:
    """The fingerprint after ``written`` was acknowledged on top of what was there."""
    return _packed(_unpacked(fingerprint) | _hashes(written) if fingerprint else _hashes(written))


def _doubled(hashes: Sequence[bytes]) -> frozenset[bytes]:
    if len(set(hashes)) == len(hashes):
        return frozenset()
    return frozenset(each for each, count in Counter(hashes).items() if count > 1)


def _hashes(properties: Mapping[str, str]) -> dict[bytes, bytes]:
    # ``_value_hash`` written out: a call less for each property of each row.
    return {
        _name_hash(name): _short_value_hash(value)
        if len(value) <= _SHORT
        else _digest(value, _VALUE)
        for name, value in properties.items()
    }


def _packed(hashes: Mapping[bytes, bytes]) -> bytes:
    return b"".join(sorted([name + value for name, value in hashes.items()]))


def _unpacked(fingerprint: bytes) -> dict[bytes, bytes]:
    if len(fingerprint) % _ENTRY:
        return {}
    starts = range(0, len(fingerprint), _ENTRY)
    return {fingerprint[at : at + _NAME]: fingerprint[at + _NAME : at + _ENTRY] for at in starts}


@lru_cache(maxsize=4096)  # names are few: those of the mappings
def _name_hash(name: str) -> bytes:
    return _digest(name, _NAME)


def _value_hash(value: str) -> bytes:
    return _short_value_hash(value) if len(value) <= _SHORT else _digest(value, _VALUE)


@lru_cache(maxsize=8192)  # most values are few: currencies, states, shops, amounts, nothing at all
def _short_value_hash(value: str) -> bytes:
    return _digest(value, _VALUE)


def _digest(text: str, size: int) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).digest()
