"""The arithmetic of sizing: from what was measured to what an installation needs. Pure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.shared.contract.topics import CONSUMED_TOPICS, TOPICS
from services.shared.hubspot.rows import ROWS_PER_CALL

_WINDOW_SECONDS = 10
_DAY_SECONDS = 86_400
# A process in Python has one core; the rest of it is for bursts and for other processes.
_CORE_SHARE = 0.7
_COPIES = 3
_RETENTION_DAYS = 7
_OBJECT_TYPES = 4
_PARTITIONS = 12
# The busiest hour of a day has three times its even share: what a year holds is counted by days.
_BUSIEST = 3
_SCANS_PER_DAY = 1_440


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A HubSpot account's limits, for a private app or a service key; the day is the account's.

    https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
    """

    name: str
    calls_per_window: int
    calls_per_day: int

    @property
    def records_per_second(self) -> float:
        """With full calls."""
        return self.calls_per_window * ROWS_PER_CALL / _WINDOW_SECONDS

    @property
    def records_per_day(self) -> int:
        """With full calls, and nobody else's."""
        return self.calls_per_day * ROWS_PER_CALL

    @property
    def records_per_second_all_day(self) -> float:
        """Without end: what the day's limit leaves."""
        return min(self.records_per_second, self.records_per_day / _DAY_SECONDS)


_ENTERPRISE = Plan(name="Enterprise", calls_per_window=190, calls_per_day=1_000_000)
PLANS = (
    Plan(name="Free, Starter", calls_per_window=100, calls_per_day=250_000),
    Plan(name="Professional", calls_per_window=190, calls_per_day=625_000),
    _ENTERPRISE,
    Plan(name="Enterprise and one API add-on", calls_per_window=250, calls_per_day=2_000_000),
    Plan(name="Enterprise and two", calls_per_window=250, calls_per_day=3_000_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the benchmark found, one figure of each. CPU in microseconds, sizes in bytes."""

    ingest_cpu_us: float
    ingest_rate: float
    ingest_mib: float
    syncer_cpu_us: float
    syncer_mib: float
    postgresql_cpu_us: float
    kafka_cpu_us: float
    records_per_order: float
    body_bytes: float
    log_bytes: float
    rows_per_order: float
    ledger_bytes: float
    statements_per_record: float
    transactions_per_record: float
    connections: int
    cores: int
    processor: str
    load: float

    def syncer_cores_for(self, records_per_second: float) -> float:
        """Cores the syncers use."""
        return records_per_second * self.syncer_cpu_us / 1e6

    def syncers_for(self, records_per_second: float) -> int:
        """Syncers, none of which uses all of its core; two at least, for when one dies."""
        return max(2, math.ceil(self.syncer_cores_for(records_per_second) / _CORE_SHARE))


def measured_in(report: Mapping[str, Any]) -> Measured:
    """The figures of a benchmark's file.

    Raises:
        KeyError: a part is missing, or could not be measured.
    """
    ledger, pairs = report["ledger"], report["postgresql-syncer"]["pairs"]
    by_one = [each["1"]["cpu_us_per_record_of"] for each in pairs]
    ingest = [each["product"] for each in report["kafka-ingest"]["pairs"]]
    backlog, host = report["backlog"], report["machine"]
    return Measured(
        ingest_cpu_us=statistics.median(each["cpu_us_per_request"] for each in ingest),
        ingest_rate=statistics.median(each["requests_per_second"] for each in ingest),
        ingest_mib=report["burst"]["kafka"]["rss_most_mib"],
        syncer_cpu_us=statistics.median(each["syncers"] for each in by_one),
        syncer_mib=max(backlog["by_tenths_mib"]),
        postgresql_cpu_us=statistics.median(each["postgresql"] for each in by_one),
        kafka_cpu_us=statistics.median(each["kafka"] for each in by_one),
        records_per_order=ledger["records_per_order"],
        body_bytes=ledger["body_bytes"],
        log_bytes=ledger["log_bytes_per_event"],
        rows_per_order=sum(ledger["rows_per_order"].values()),
        ledger_bytes=sum(ledger["bytes_per_order"].values()),
        statements_per_record=ledger["statements_per_record"],
        transactions_per_record=ledger["transactions_per_record"],
        connections=ledger["connections_per_syncer"],
        cores=host["cores"],
        processor=host["processor"],
        load=host["load_before"][0],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """So many stores with so many orders a second among them, in the busiest hour."""

    name: str
    stores: int
    events_per_second: int


DEMANDS = (
    Demand(name="one store", stores=1, events_per_second=1),
    Demand(name="a hundred", stores=100, events_per_second=100),
    Demand(name="a thousand", stores=1_000, events_per_second=1_000),
    Demand(name="10,000 events/s", stores=1_000, events_per_second=10_000),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a demand needs. ``topics`` and what follows are of all installations together."""

    records_per_second: float
    accounts: int
    ingests: int
    syncers: int
    syncers_per_account: int
    partitions: int
    topics: int
    replicated_partitions: int
    ingest_cores: float
    syncer_cores: float
    postgresql_cores: float
    kafka_cores: float
    memory_bytes: float
    body_bytes_per_second: float
    log_bytes: float
    rows_per_year: float
    ledger_bytes_per_year: float
    statements_per_second: float
    transactions_per_second: float
    connections: int
    scans_per_day: int
    binds_first: str


def needs_of(demand: Demand, found: Measured) -> Needs:
    """An installation has one HubSpot account: where one is not enough, there are several."""
    events, orders_per_day = demand.events_per_second, _orders_per_day(demand)
    records = events * found.records_per_order
    accounts = _accounts(records, orders_per_day * found.records_per_order)
    each = found.syncers_for(records / accounts)
    ingest_cores = events * found.ingest_cpu_us / 1e6
    ingests = max(accounts * 2, math.ceil(ingest_cores / _CORE_SHARE))
    partitions = max(_PARTITIONS, each * 2)
    orders_per_year = orders_per_day * 365
    return Needs(
        records_per_second=records,
        accounts=accounts,
        ingests=ingests,
        syncers=each * accounts,
        syncers_per_account=each,
        partitions=partitions,
        topics=len(TOPICS) * accounts,
        replicated_partitions=len(CONSUMED_TOPICS) * partitions * accounts * _COPIES,
        ingest_cores=ingest_cores,
        syncer_cores=found.syncer_cores_for(records),
        postgresql_cores=records * found.postgresql_cpu_us / 1e6,
        kafka_cores=records * found.kafka_cpu_us / 1e6,
        memory_bytes=(ingests * found.ingest_mib + each * accounts * found.syncer_mib) * 2**20,
        body_bytes_per_second=events * found.body_bytes,
        log_bytes=orders_per_day * _RETENTION_DAYS * found.log_bytes * _COPIES,
        rows_per_year=orders_per_year * found.rows_per_order,
        ledger_bytes_per_year=orders_per_year * found.ledger_bytes,
        statements_per_second=records * found.statements_per_record,
        transactions_per_second=records * found.transactions_per_record,
        connections=each * accounts * found.connections,
        scans_per_day=demand.stores * _OBJECT_TYPES * _SCANS_PER_DAY,
        binds_first=_binds_first(
            records / accounts,
            {
                "CPU of each ingest": ingest_cores / ingests,
                "CPU of each syncer": found.syncer_cores_for(records / accounts) / each,
            },
        ),
    )


def _orders_per_day(demand: Demand) -> float:
    return demand.events_per_second * _DAY_SECONDS / _BUSIEST


def _accounts(records_per_second: float, records_per_day: float) -> int:
    """How many accounts take that, by the ten seconds and by the day."""
    by_window = records_per_second / _ENTERPRISE.records_per_second
    by_day = records_per_day / _ENTERPRISE.records_per_day
    return math.ceil(max(by_window, by_day, 1))


def _binds_first(records_per_account: float, busy: Mapping[str, float]) -> str:
    """What is nearest to its limit, and how near: of HubSpot's, and of cores, how ``busy`` each."""
    shares = {
        "HubSpot's calls in 10 s": records_per_account / _ENTERPRISE.records_per_second,
        "HubSpot's calls a day": records_per_account
        / _BUSIEST
        / _ENTERPRISE.records_per_second_all_day,
        **busy,
    }
    most = max(shares, key=lambda each: shares[each])
    return f"{most} ({shares[most]:.1%})"
