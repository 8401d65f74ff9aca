"""How rough a history is, drawn from its seed: what is switched on, and what will happen when."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.hubspot.faults import Fault
from sandbox.shops.trickle import WEIGHTS

# What each act of a history is; "change" is something that goes on in a shop.
CHANGE, HUBSPOT_FAULT, SHOPIFY_FAULT, KILL, PEOPLE, KEEPING = (
    "change",
    "hubspot fault",
    "shopify fault",
    "kill",
    "people",
    "shopkeeping",
)
_KINDS = (
    "status",
    "reset",
    "slow",
    "locked",
    "migrating",
    "burst",
    "secondly",
    "empty",
    "html",
    "truncated",
    "errors",
)
_PATHS = (
    "*",
    "*/batch/*",
    "*/batch/create",
    "*/batch/update",
    "*/batch/upsert",
    "*/batch/archive",
    "*/associations/*",
    "*/line_items/*",
    "*/orders/*",
    "*/contacts/*",
    "*/products/*",
    "*/carts/*",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """One history's conditions: shares of webhooks, seconds, how often which deed is done."""

    acts: tuple[str, ...]
    every_seconds: float
    index_lag_seconds: float
    deliveries: dict[str, float]
    switches: dict[str, Any]
    weights: Mapping[str, int] = field(default_factory=lambda: WEIGHTS)

    @property
    def drops(self) -> bool:
        """Whether webhooks get lost."""
        return self.deliveries["drop"] > 0

    @property
    def index_lag(self) -> timedelta:
        """How late Shopify's lists are."""
        return timedelta(seconds=self.index_lag_seconds)


def calm(changes: int) -> Weather:
    """Nothing but so many changes, one after the other."""
    return Weather(
        acts=(CHANGE,) * changes,
        every_seconds=14.0,
        index_lag_seconds=0.0,
        deliveries={"drop": 0.0},
        switches={},
        weights={**WEIGHTS, "checkout abandoned": 20, "checkout completed": 15, "order deleted": 4},
    )


def weather_of(rng: random.Random) -> Weather:
    """The conditions a seed decides."""
    acts = [CHANGE] * rng.randint(8, 30)
    acts += [KILL] * rng.choice((0, 0, 1, 1, 3))
    acts += [HUBSPOT_FAULT] * rng.choice((0, 2, 6))
    acts += [SHOPIFY_FAULT] * rng.choice((0, 0, 2))
    acts += [PEOPLE] * rng.choice((0, 0, 0, 2))
    acts += [KEEPING] * rng.choice((0, 2, 8))
    rng.shuffle(acts)
    return Weather(
        acts=tuple(acts),
        every_seconds=rng.choice((0.2, 3.0, 20.0)),
        index_lag_seconds=rng.choice((0.0, 0.0, 5.0, 60.0)),
        deliveries={
            "drop": rng.choice((0.0, 0.0, 0.3, 1.0)),
            "duplicate": rng.choice((0.0, 0.3)),
            "reorder_seconds": rng.choice((0.0, 2.0, 30.0)),
            "delay": rng.choice((0.0, 0.2)),
            "delay_seconds": 60.0,
            "burst_seconds": rng.choice((0.0, 0.0, 0.0, 20.0)),
            "coalesce_seconds": rng.choice((0.0, 0.0, 2.0)),
            "retry_scale": 0.05,
        },
        switches={
            "partial_failure_status": rng.choice((None, 207)),
            "rows_fail_batches": rng.choice((False, False, True)),
            "conflicts_fail_batches": rng.choice((True, False)),
            "merge_makes_new_id": rng.choice((False, True)),
            "archived_blocks_unique": rng.choice((True, False)),
        },
    )


def hubspot_fault(rng: random.Random) -> Fault:
    """Something that goes wrong at HubSpot a few times."""
    kind = rng.choice(_KINDS)
    return Fault(
        kind=kind,
        path=rng.choice(_PATHS),
        count=rng.randint(1, 3),
        skip=rng.choice((0, 0, 1, 3)),
        applied=rng.choice((True, False)) if kind in {"reset", "slow", "status"} else None,
        status=rng.choice((500, 502, 503, 504)),
        seconds=rng.choice((1.0, 10.0, 14.0, 17.0)),
    )


def shopify_fault(rng: random.Random) -> dict[str, Any]:
    """Something that goes wrong at Shopify's API a few times."""
    calm: dict[str, Any] = {"status": 0, "throttled": False, "slow_seconds": 0.0, "times": 0}
    return calm | rng.choice(
        (
            {"throttled": True, "times": rng.randint(1, 3)},
            {"status": rng.choice((429, 500, 502, 503, 504)), "times": rng.randint(1, 5)},
            {"status": 402, "times": 2},
            {"status": 502, "not_json": True, "times": 2},
            {"slow_seconds": rng.choice((1.0, 14.0, 20.0))},
        )
    )
