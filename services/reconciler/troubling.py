"""Keeps in the ledger what stood in the way of scanning a store, for ``shopsync status``."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from services.reconciler import metrics
from services.shared.contract.errors import OursToFixError, OwnershipLostError, SyncError
from services.shared.contract.reasons import bounded
from services.shared.ledger import troubles
from services.shared.ledger.engine import Ledger
from services.shared.ledger.troubles import NewTrouble
from services.shared.runtime.logging import Action

_LOG = logging.getLogger(__name__)
# Said of the store, whichever of its objects is asked for.
_OF_WHOLE_STORES = frozenset(
    {
        "token_refused",
        "credentials_refused",
        "store_unknown",
        "store_gone",
        "store_not_connected",
        "bad_shop",
    }
)

Outcomes = Mapping[str, SyncError | None]
"""By object type, or ``EVERY_KIND``: what stood in the way, or None where nothing did."""


def is_of_one_object(problem: SyncError) -> bool:
    """Whether the other objects of the store can be scanned all the same."""
    return isinstance(problem, OursToFixError) and problem.reason not in _OF_WHOLE_STORES


def tell(shop: str, outcomes: Outcomes) -> None:
    """Log and count the troubles of a round."""
    for kind, problem in outcomes.items():
        if problem is not None:
            metrics.TROUBLES.labels(bounded(problem.reason)).inc()
            facts = {"shop": shop, "kind": kind or "all", "reason": problem.reason}
            _LOG.warning("scan broken", extra={"action": Action.SCAN, **facts})


async def keep(ledger: Ledger, shop: str, outcomes: Outcomes) -> None:
    """Note the troubles of a round, and clear those that are over."""
    over = [kind for kind, problem in outcomes.items() if problem is None]
    # That another scans the store by now is no trouble of the store's.
    met = {k: p for k, p in outcomes.items() if p and not isinstance(p, OwnershipLostError)}
    try:
        async with ledger.transaction() as tx:
            await troubles.clear(tx, shop, over)
            for kind, problem in met.items():
                await troubles.note(tx, _trouble(shop, kind, problem))
    except SyncError as problem:
        # It is met again by the next round.
        extra = {"action": Action.WAIT, "shop": shop, "reason": problem.reason}
        _LOG.warning("trouble not kept", extra=extra)


def _trouble(shop: str, kind: str, problem: SyncError) -> NewTrouble:
    return NewTrouble(
        shop=shop,
        kind=kind,
        reason=problem.reason,
        detail=problem.detail,
        is_ours=isinstance(problem, OursToFixError),
    )
