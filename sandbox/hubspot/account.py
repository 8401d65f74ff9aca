"""One HubSpot account: everything the simulator knows, in memory, the same under the same seed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from sandbox.hubspot.associations import Associations
from sandbox.hubspot.clock import stamp
from sandbox.hubspot.faults import Fault
from sandbox.hubspot.indexing import SearchIndex
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.pipelines import Pipeline, order_pipelines
from sandbox.hubspot.quota import Quota, Tier
from sandbox.hubspot.records import MadeBy, Record, Records
from sandbox.hubspot.schema import Schema, fresh_schema
from sandbox.hubspot.switches import Switches
from sandbox.hubspot.tokens import SERVICE_KEY, Tokens

Now = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]

FIRST_ID = 10_000_000_000
ID_SPREAD = 1_000_000


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Settings:
    """What an account is by its settings page."""

    portal_id: int = 48_151_623
    time_zone: str = "US/Eastern"
    company_currency: str = "EUR"
    # code -> how many units of the company's currency one unit is worth
    rates: dict[str, Decimal] = field(
        default_factory=lambda: {"USD": Decimal("0.92"), "GBP": Decimal("1.17")}
    )

    @property
    def currencies(self) -> tuple[str, ...]:
        """The company's currency and those added to the account."""
        return (self.company_currency, *self.rates)


class Account:
    """The state behind the API. ``token`` opens it; the rest may be looked at and changed."""

    def __init__(
        self,
        now: Now = _utc_now,
        sleep: Sleep = asyncio.sleep,
        seed: int = 1,
        tier: Tier = "professional",
    ) -> None:
        self.now = now
        self.sleep = sleep
        self.random = Random(seed)  # noqa: S311  reproducible on purpose
        self.token = SERVICE_KEY
        self.settings = Settings()
        self.switches = Switches()
        self.faults: list[Fault] = []
        self.quota = Quota(tier=tier, zone=ZoneInfo(self.settings.time_zone))
        self.tokens = Tokens(random=self.random)
        born = stamp(now())
        self.schemas: dict[str, Schema] = {each: fresh_schema(each, born) for each in OBJECT_TYPES}
        self.records: dict[str, Records] = {each: Records() for each in OBJECT_TYPES}
        self.pipelines: dict[str, dict[str, Pipeline]] = {"orders": order_pipelines(born)}
        self.associations = Associations()
        self.index = SearchIndex()
        self.blocklist: set[str] = set()
        self.calls: Counter[tuple[str, str, int]] = Counter()
        self.unserved: Counter[str] = Counter()
        self.records["contacts"].index("email")
        self._last_id = FIRST_ID + self.random.randrange(ID_SPREAD)

    def next_id(self) -> str:
        """The next record id: numeric, growing, the same under the same seed."""
        self._last_id += 1 + self.random.getrandbits(3)
        return str(self._last_id)

    def correlation_id(self) -> str:
        """A UUID for an error answer."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def add_record(self, object_type: str, values: dict[str, str], made_by: MadeBy) -> Record:
        """Make a record of checked values, with what HubSpot fills in itself."""
        of_type = OBJECT_TYPES[object_type]
        moment = stamp(self.now())
        record_id = self.next_id()
        properties = {name: value for name, value in values.items() if value}
        properties[of_type.created] = properties[of_type.modified] = moment
        properties["hs_object_id"] = record_id
        if object_type == "line_items":
            properties["hs_createdate"] = moment
        record = Record(
            id=record_id,
            properties=properties,
            created_at=moment,
            updated_at=moment,
            made_by=made_by,
        )
        self.records[object_type].add(record)
        self._seen(object_type, record)
        return record

    def change_record(self, object_type: str, record: Record, values: dict[str, str]) -> None:
        """Overwrite properties with checked values; every write moves the modified date."""
        moment = stamp(self.now())
        self._unseen(object_type, record)
        self.records[object_type].change(record, values)
        record.properties[OBJECT_TYPES[object_type].modified] = moment
        record.updated_at = moment
        self._seen(object_type, record)

    def archive(self, object_type: str, record: Record) -> None:
        """Move a record to the recycle bin; again is harmless."""
        if record.archived:
            return
        self._unseen(object_type, record)
        record.archived_at = record.updated_at = stamp(self.now())
        if not self.switches.archived_blocks_unique:
            self.records[object_type].release(record)
        self._seen(object_type, record)

    def restore(self, object_type: str, record: Record) -> None:
        """Bring a record back from the recycle bin."""
        self._unseen(object_type, record)
        record.archived_at = None
        record.updated_at = stamp(self.now())
        for name, holders in self.records[object_type].unique.items():
            if value := record.properties.get(name):
                holders.setdefault(value.lower() if name == "email" else value, record.id)
        self._seen(object_type, record)

    def _unseen(self, object_type: str, record: Record) -> None:
        if self.switches.search_lag_seconds:
            self.index.keep(object_type, record)

    def _seen(self, object_type: str, record: Record) -> None:
        if self.switches.search_lag_seconds:
            self.index.note(object_type, record, self.now().timestamp())
