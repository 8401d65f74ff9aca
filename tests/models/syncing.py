"""Syncers of one account, step by step: the product's own handler, ledger statements and client.

Nothing of the protocol is copied. Between two processes stand only the gates: before a transaction
of the ledger, before a call to HubSpot goes out, and before its answer is seen.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from sandbox.hubspot.account import Account as HubSpotAccount
from sandbox.hubspot.app import create_app
from services.shared.contract.events import Event
from services.shared.contract.keys import SourceKey
from services.shared.contract.records import State
from services.shared.contract.topics import ObjectType
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.pacing import Lane
from services.shared.hubspot.schema import AccountSchema
from services.shared.hubspot.setup import Setup
from services.shared.ledger.engine import Database, Ledger, Transaction, statement
from services.shared.shopify.hydrating import Hydrated, Hydrator
from services.syncer.account import account_for
from services.syncer.duty import Duty
from services.syncer.handling import Handler, Tools
from services.syncer.reading import read_out
from services.syncer.writing import Writer
from tests.models.stepping import Stage
from tests.support.ledger_file import LedgerFile, empty_ledger
from tests.support.life import Life
from tests.support.virtual_time import in_virtual_time, virtual_now

_LINE_ITEM_LINKS = {"orders": 514, "carts": 591}
_CALM_SECONDS = 5.0
_GIVEN_UP_AFTER_SECONDS = 900.0
_NEVER_COMPARED = frozenset(
    {"hs_object_id", "hs_createdate", "hs_lastmodifieddate", "createdate", "lastmodifieddate"}
)
_UNSETTLED = statement(
    "SELECT id, status, reason FROM sources WHERE kind = :kind AND (due_at IS NOT NULL"
    " OR status NOT IN ('in_sync', 'deleted') OR wanted > settled)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What every run starts from: an empty ledger, an account with our properties."""

    account: HubSpotAccount
    schema: AccountSchema


class Truth(Hydrator):
    """Shopify, which always shows the newest state there is."""

    def __init__(self, states: Mapping[SourceKey, State]) -> None:
        self._states = states

    async def read(self, shop: str, kind: str, ids: Collection[str]) -> Hydrated:
        """As any read: what is there now, or that it is gone."""
        now = virtual_now() - timedelta(seconds=1)
        keys = {each: SourceKey(shop, kind, each) for each in ids}
        found = {
            each: _seen_at(now, self._states[key])
            for each, key in keys.items()
            if key in self._states
        }
        return Hydrated(found=found, missing={each: now for each in ids if each not in found})


def _seen_at(now: datetime, state: State) -> State:
    return replace(state, version=replace(state.version, observed_at=now))


class GatedDatabase:
    """One process's way to the database they all share: a transaction is one step."""

    def __init__(self, shared: Database, stage: Stage, name: str) -> None:
        self._shared = shared
        self._stage = stage
        self._name = name

    @property
    def engine(self) -> AsyncEngine:
        """See ``Database``."""
        return self._shared.engine

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """See ``Database``."""
        await self._stage.gate(self._name)
        async with self._shared.transaction() as tx:
            yield tx

    def meaning_of(self, problem: Exception) -> Exception:
        """See ``Database``."""
        return self._shared.meaning_of(problem)

    async def close(self) -> None:
        """It is not ours to close."""


class GatedWire(httpx.AsyncBaseTransport):
    """One process's way to HubSpot: the call is a step, and seeing the answer is another."""

    def __init__(self, app: Any, stage: Stage, name: str) -> None:
        self._inner = httpx.ASGITransport(app=app)
        self._stage = stage
        self._name = name

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._stage.gate(self._name)
        answer = await self._inner.handle_async_request(request)
        await answer.aread()
        await self._stage.gate(self._name)
        return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What HubSpot shows: records by name with their properties, and what is linked with what."""

    records: Sequence[tuple[str, frozenset[tuple[str, str]]]]
    links: Sequence[tuple[str, str]]

    def difference(self, delivered: "Shown", read: "Shown") -> list[str]:
        """How this differs from what it must be: just the records of ``read``, each with all that
        the events ``delivered`` and a ``read`` shows too, and nothing that neither of them says.
        """
        names = [name for name, _ in self.records]
        if names != [name for name, _ in read.records] or self.links != read.links:
            return [f"{names} {self.links} instead of {read.records} {read.links}"]
        return [
            f"{name}: lacks {(least & most) - facts}, has {facts - most - least}"
            for (name, facts), (_, least), (_, most) in zip(
                self.records, delivered.records, read.records, strict=True
            )
            if not least & most <= facts <= most | least
        ]


def _name(kind: str, properties: Mapping[str, str]) -> str:
    return f"{kind}/{properties.get('shopify_sync_key') or properties.get('email')}"


def _facts(properties: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(each for each in properties.items() if each[0] not in _NEVER_COMPARED)


@dataclass(slots=True)
class World:
    """One run's HubSpot, ledger and Shopify, and the processes between them."""

    beginning: Beginning
    account: HubSpotAccount
    database: Database
    stage: Stage
    truth: Truth

    @property
    def ledger(self) -> Ledger:
        """The ledger without any gate."""
        return Ledger(self.database)

    async def handle(self, name: str, kind: ObjectType, events: Sequence[Event]) -> None:
        """What a syncer does with a batch of live events."""
        handler = self._handler(name)
        await handler.handle(kind, read_out(events).jobs, Lane.LIVE)

    async def settle(self, kind: ObjectType) -> None:
        """What any syncer does with what is due, until nothing is."""
        duty = Duty(self.ledger, self._handler("settling"), _NoLog(), kind)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _GIVEN_UP_AFTER_SECONDS
        while await self.unsettled(kind):
            rest = await duty.take_due()
            await asyncio.sleep(max(rest, _CALM_SECONDS) if rest else 0)
            assert loop.time() < deadline, await self.unsettled(kind)

    async def unsettled(self, kind: ObjectType) -> list[tuple[Any, ...]]:
        """The sources of ``kind`` about which something is still to be done."""
        async with self.ledger.transaction() as tx:
            return [tuple(row) for row in await tx.run(_UNSETTLED, kind=kind)]

    def shown(self) -> "Shown":
        """Everything in HubSpot, with Shopify's keys instead of HubSpot's ids."""
        live = [
            ((kind, record.id), record.properties)
            for kind, records in self.account.records.items()
            for record in records.live()
        ]
        names = {end: _name(end[0], properties) for end, properties in live}
        ends = [
            (names[one], names[other])
            for one, other, _ in self.account.associations.every()
            if one in names and other in names
        ]
        return Shown(
            records=sorted((names[end], _facts(properties)) for end, properties in live),
            links=sorted(set(ends)),
        )

    def _handler(self, name: str) -> Handler:
        ledger = Ledger(GatedDatabase(self.database, self.stage, name))
        http = httpx.AsyncClient(transport=GatedWire(create_app(self.account), self.stage, name))
        token = self.account.token
        hubspot = HubSpot(http, lambda: token, base_url="http://hubspot.test")
        tools = Tools(
            ledger=ledger,
            hydrator=self.truth,
            account=account_for(self.beginning.schema, _LINE_ITEM_LINKS),
            writer_for=lambda work, _lane: Writer(hubspot, partial(ledger.done, work)),
            abandoned_after=timedelta(minutes=15),
        )
        return Handler(tools, instance=name, settled=lambda _sources: None)


class _NoLog:
    async def append(self, events: Sequence[Any]) -> None:
        raise AssertionError(events)


@asynccontextmanager
async def world(beginning: Beginning, stage: Stage, truth: Truth) -> AsyncIterator[World]:
    """A fresh world for one run."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        path.write_bytes(empty_ledger())
        database = LedgerFile(path, lambda: virtual_now().timestamp(), Life())
        try:
            yield World(beginning, copy.deepcopy(beginning.account), database, stage, truth)
        finally:
            await database.close()


@cache
def beginning() -> Beginning:
    """The same for all runs, made once."""
    empty_ledger()
    return in_virtual_time(_begun())


async def _begun() -> Beginning:
    account = HubSpotAccount(now=virtual_now, seed=1)
    account.quota.lifted = True
    transport = httpx.ASGITransport(app=create_app(account))
    async with httpx.AsyncClient(transport=transport) as http:
        hubspot = HubSpot(http, lambda: account.token, base_url="http://hubspot.test")
        return Beginning(account=account, schema=await Setup(hubspot, _at_once).prepare())


async def _at_once() -> None:
    """No quota here."""
