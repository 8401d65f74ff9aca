"""Applies a mapping to records: compiled once an account, then pure and total."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from services.shared.contract.records import Record, Value
from services.shared.hubspot.account import PropertyInfo
from services.shared.shopify.catalogue.reading import ABSENT
from services.syncer.mapping.converters import (
    FROM_VALUE,
    FROM_VALUES,
    MAY_SAY_NOTHING,
    FromValue,
    FromValues,
    text,
)
from services.syncer.mapping.rows import PARENT, Context, Dropped, Mapped, Row

LONGEST: Final = 65_536
"""The characters a HubSpot text property holds."""
_SURELY_FITS: Final = LONGEST // 2  # whatever the characters are
_EMPTY: Final = (None, "", ())

_Options = frozenset[str] | None
_Text = tuple[str, str, str]
_One = tuple[str, FromValue, str, str, _Options]
_Pick = Callable[[Mapping[str, Value], Mapping[str, Value]], tuple[Value, ...]]
_Many = tuple[_Pick, FromValues, str, str, _Options, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRows:
    """Rows made ready for one account; ``dropped`` are those it cannot take.

    ``texts`` are rows of the record's own fields that are written as they are: most of all rows.
    """

    texts: tuple[_Text, ...]
    own: tuple[_One, ...]
    parents: tuple[_One, ...]
    derived: tuple[_Many, ...]
    dropped: tuple[Dropped, ...]


def compiled(rows: Iterable[Row], schema: Mapping[str, PropertyInfo] | None) -> CompiledRows:
    """``rows`` as far as the account's ``schema`` has their properties and lets us write them.

    Without a schema every row is taken as it is.

    Raises:
        KeyError: a row names a converter that does not exist.
    """
    own: list[_One] = []
    parents: list[_One] = []
    derived: list[_Many] = []
    dropped: list[Dropped] = []
    for row in rows:
        found = PropertyInfo(name=row.target) if schema is None else schema.get(row.target)
        if found is None or found.is_archived or not found.is_writable:
            reason = "read_only" if found and not found.is_archived else "missing"
            dropped.append(Dropped(target=row.target, reason=reason))
            continue
        options = found.options if found.type == "enumeration" and found.options else None
        if row.converter in FROM_VALUES:
            derived.append(_derived(row, options))
            continue
        source = row.sources[0]
        one = (FROM_VALUE[row.converter], row.target, row.empty, options)
        if source.startswith(PARENT):
            parents.append((source.removeprefix(PARENT), *one))
        else:
            own.append((source, *one))
    return CompiledRows(
        texts=tuple((each[0], each[2], each[3]) for each in own if _is_text(each)),
        own=tuple(each for each in own if not _is_text(each)),
        parents=tuple(parents),
        derived=tuple(derived),
        dropped=tuple(dropped),
    )


def mapped(record: Record, rows: CompiledRows, context: Context) -> Mapped:
    """What ``rows`` make of ``record``.

    A known emptiness clears its property (or is what the row says); what is unknown is left out,
    and so, named, is a value that cannot be said or that is not among the property's options.
    """
    properties: dict[str, str] = {}
    left_out: list[str] = []
    fields = record.fields
    _copy(rows.texts, fields, properties)
    _apply(rows.own, fields, properties, left_out)
    if rows.parents:
        _apply(rows.parents, context.parent, properties, left_out)
    for pick, derive, target, empty, options, may_say_nothing in rows.derived:
        try:
            values = pick(fields, context.parent)
        except KeyError:
            continue
        said = derive(values, context)
        if said is None and may_say_nothing:
            continue
        if said is None or (said and options is not None and said not in options):
            left_out.append(target)
        else:
            properties[target] = _shortened(said) or empty
    return Mapped(properties=properties, left_out=tuple(left_out))


def properties_for(record: Record, rows: CompiledRows, context: Context) -> dict[str, str]:
    """The properties ``rows`` make of ``record``: see ``mapped``."""
    return mapped(record, rows, context).properties


def _is_text(one: _One) -> bool:
    _, convert, _, _, options = one
    return convert is text and options is None


def _copy(rows: tuple[_Text, ...], fields: Mapping[str, Value], properties: dict[str, str]) -> None:
    for source, target, empty in rows:
        value = fields.get(source, ABSENT)
        # What nearly all are, before anything is called.
        if type(value) is str and 0 < len(value) <= _SURELY_FITS:
            properties[target] = value
        elif value is not ABSENT:
            properties[target] = _shortened(text(value)) if value not in _EMPTY else empty


def _apply(
    rows: tuple[_One, ...],
    fields: Mapping[str, Value],
    properties: dict[str, str],
    left_out: list[str],
) -> None:
    for source, convert, target, empty, options in rows:
        value = fields.get(source, ABSENT)
        if value is ABSENT:
            continue
        if not value and value in _EMPTY:  # few are, and to compare an amount with text is slow
            properties[target] = empty
            continue
        said = convert(value)
        if said is None or (said and options is not None and said not in options):
            left_out.append(target)
        else:
            properties[target] = said if len(said) <= _SURELY_FITS else _shortened(said)


def _derived(row: Row, options: _Options) -> _Many:
    may_say_nothing = row.converter in MAY_SAY_NOTHING
    derive = FROM_VALUES[row.converter]
    return _picker(row.sources), derive, row.target, row.empty, options, may_say_nothing


def _picker(sources: tuple[str, ...]) -> _Pick:
    """Takes values out of a record's fields and its parent's; KeyError if one is unknown."""
    names = tuple(each.removeprefix(PARENT) for each in sources)
    are_parents = [each.startswith(PARENT) for each in sources]
    if not sources:
        return lambda _fields, _parent: ()
    if any(are_parents):
        places = tuple(zip(are_parents, names, strict=True))
        return lambda fields, parent: tuple(
            [(parent if is_parents else fields)[name] for is_parents, name in places]
        )
    if len(names) == 1:
        (name,) = names
        return lambda fields, _parent: (fields[name],)
    pick = itemgetter(*names)
    return lambda fields, _parent: pick(fields)


def _shortened(said: str) -> str:
    """``said`` within HubSpot's limit, which counts UTF-16 units; no character is cut in two."""
    if len(said) <= _SURELY_FITS:
        return said
    units = said.encode("utf-16-le", "surrogatepass")[: 2 * LONGEST]
    return units.decode("utf-16-le", "ignore")
