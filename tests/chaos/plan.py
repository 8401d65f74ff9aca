"""What will go wrong when, drawn from the seed before anything runs. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Engines(StrEnum):
    """Log and ledger, and with Kafka the number of brokers."""

    SQLITE = "sqlite"
    KAFKA = "kafka+postgresql"
    KAFKA3 = "kafka3+postgresql"


class Deed(StrEnum):
    """What the nemesis does."""

    KILL = "process killed"
    STALL = "process stalled"
    BROKER = "broker killed"
    LEDGER = "PostgreSQL killed"
    CUT = "connections cut"
    SLOW = "connections slow"
    HOLE = "connections black-holed"
    DISK = "log's disk full"
    LIMITED = "HubSpot 429"
    FAILING = "HubSpot 5xx"
    RESET = "HubSpot reset after write"
    LATE = "HubSpot slow"
    TOKEN = "token revoked"
    CLOCK = "clock off by an hour"
    ROLLING = "rolling restart"
    SCALING = "scaled to one, three and back"


_EVERYWHERE = (
    *(Deed.KILL, Deed.STALL, Deed.CUT, Deed.SLOW, Deed.HOLE, Deed.LIMITED, Deed.FAILING),
    *(Deed.RESET, Deed.LATE, Deed.TOKEN, Deed.CLOCK, Deed.ROLLING),
)
_MANY = (*_EVERYWHERE, Deed.BROKER, Deed.LEDGER, Deed.SCALING)
DEEDS: Mapping[Engines, Sequence[Deed]] = MappingProxyType(
    {
        Engines.SQLITE: (*_EVERYWHERE, Deed.DISK),
        Engines.KAFKA: _MANY,
        Engines.KAFKA3: _MANY,
    }
)
# How long each lasts, in seconds; a stall may outlast a session and a claim (60 s).
_LASTS: Mapping[Deed, Sequence[float]] = MappingProxyType(
    {
        Deed.STALL: (2.0, 12.0, 75.0),
        Deed.BROKER: (0.0, 4.0),
        Deed.LEDGER: (0.0, 4.0),
        Deed.SLOW: (6.0,),
        Deed.HOLE: (4.0, 17.0),
        Deed.DISK: (3.0, 8.0),
        Deed.LIMITED: (3.0,),
        Deed.FAILING: (5.0,),
        Deed.RESET: (5.0,),
        Deed.LATE: (6.0,),
        Deed.TOKEN: (6.0,),
        Deed.CLOCK: (20.0,),
        Deed.SCALING: (6.0,),
    }
)
_GAP_SECONDS = (3.0, 8.0)
_FIRST_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One deed: seconds after the start, how long it lasts, and draws that decide its details."""

    at: float
    deed: Deed
    lasts: float
    draws: tuple[float, float]

    def chosen(self, names: Sequence[str]) -> str:
        """One of ``names``, which must not be empty: the same for the same seed."""
        return names[int(self.draws[0] * len(names))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The whole of it. ``deliveries`` are the faults of webhooks, ``rate`` changes a second."""

    engines: Engines
    seed: int
    seconds: float
    rate: float
    deliveries: Mapping[str, float]
    acts: Sequence[Act]


def plan_of(engines: Engines, seed: int, seconds: float) -> Plan:
    """The plan a seed decides: an act every eight seconds at least, each deed equally often."""
    rng = random.Random(f"{engines}/{seed}")
    return Plan(
        engines=engines,
        seed=seed,
        seconds=seconds,
        rate=rng.choice((0.5, 1.0, 2.0)),
        deliveries={
            "duplicate": 0.2,
            "delay": 0.1,
            "delay_seconds": 10.0,
            "reorder_seconds": rng.choice((0.5, 3.0)),
            "drop": rng.choice((0.0, 0.0, 0.2)),
            "truncate": 0.02,
            "wrong_secret": 0.02,
            "retry_scale": 0.01,
        },
        acts=_acts(rng, DEEDS[engines], seconds),
    )


def _acts(rng: random.Random, deeds: Sequence[Deed], seconds: float) -> Sequence[Act]:
    acts: list[Act] = []
    bag: list[Deed] = []
    at = _FIRST_SECONDS
    while at < seconds:
        # A shuffled bag after another: no deed is rarer than the others by luck.
        bag = bag or rng.sample(deeds, len(deeds))
        deed = bag.pop()
        lasts = rng.choice(_LASTS.get(deed, (0.0,)))
        acts.append(
            Act(
                at=round(at, 3),
                deed=deed,
                lasts=min(lasts, max(seconds - at, 1.0)),
                draws=(rng.random(), rng.random()),
            )
        )
        at += rng.uniform(*_GAP_SECONDS)
    return acts
