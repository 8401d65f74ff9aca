"""Counts why records were not applied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from services.shared.contract.reasons import bounded
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.waits import Wait
from services.syncer import metrics

_SET_BACK = frozenset({Status.FAILING, Status.EXCLUDED, Status.WAITING})


def count_setbacks(settlements: Iterable[Settlement], waits: Iterable[Wait]) -> None:
    """Count what of these is waiting, failing or excluded, by kind and reason."""
    settled = (
        (each.key.kind, each.status, bounded(each.reason))
        for each in settlements
        if each.status in _SET_BACK
    )
    waiting = ((each.key.kind, Status.WAITING, bounded(each.reason)) for each in waits)
    for labels, count in Counter([*settled, *waiting]).items():
        metrics.SETBACKS.labels(*labels).inc(count)
