"""Variants that a call may have created without our learning it. Pure.

A product is nothing in HubSpot, its variants are: once Shopify has deleted it, nobody else knows
which they were. So they wait with the product, and are looked for before it counts as gone.
"""

from __future__ import annotations

from collections.abc import Collection

import orjson

from services.shared.contract.records import State
from services.shared.contract.topics import ObjectType
from services.shared.ledger.sources import SourceRow
from services.syncer import plans
from services.syncer.efforts import Effort

_NAME = "variants"


def kept(effort: Effort) -> bytes | None:
    """The variants of ``effort`` whose creation may be applied; None if there are none."""
    if effort.plan.source.kind != ObjectType.PRODUCTS:
        return None
    doubtful = sorted(
        part_id
        for part_id, piece in effort.parts.items()
        if not piece.target_id and (piece.may_exist or piece.unknown)
    )
    return orjson.dumps({_NAME: doubtful}) if doubtful else None


def variants_of(row: SourceRow | None, state: State | None) -> Collection[str]:
    """Ids of the variants that ``kept`` left with a row, and of a state that was not applied."""
    waiting = row.body if row and row.key.kind == ObjectType.PRODUCTS else None
    left = orjson.loads(waiting).get(_NAME, ()) if waiting else ()
    shown = state.record.parts.get(plans.VARIANTS, ()) if state else ()
    return frozenset({*left, *(each.id for each in shown)})
