"""Reads what an account has, and makes what we need where it is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from services.shared.contract.errors import (
    OursToFixError,
    RecordAtFaultError,
    WorldAtFaultError,
)
from services.shared.hubspot.account import Pipeline, PropertyInfo
from services.shared.hubspot.client import HubSpot
from services.shared.hubspot.schema import (
    GROUP_LABEL,
    GROUP_NAME,
    OBJECT_TYPES,
    AccountSchema,
    CustomProperty,
    Shortfall,
    definition,
    is_key_of,
    lacking,
    shortfalls_in,
)
from services.shared.runtime.retrying import DEFAULT_PATIENCE, Patience, retried

T = TypeVar("T")
Slot = Callable[[], Awaitable[None]]


class Setup:
    """The account's schema: read it, complete it. Every call draws a ``slot`` first.

    Both methods may be repeated at any time. They raise ``WorldAtFaultError`` when HubSpot cannot
    be reached, and ``OursToFixError`` when the token itself is refused; what only a part of the
    account lacks or refuses is a ``Shortfall``.
    """

    def __init__(
        self, hubspot: HubSpot, slot: Slot, *, patience: Patience = DEFAULT_PATIENCE
    ) -> None:
        self._hubspot = hubspot
        self._slot = slot
        self._patience = patience

    async def read(self) -> AccountSchema:
        """The account as it is; nothing is changed."""
        details = await self._call(self._hubspot.account)
        properties: dict[str, Mapping[str, PropertyInfo]] = {}
        shortfalls: list[Shortfall] = []
        for object_type in OBJECT_TYPES:
            try:
                held = await self._call(partial(self._hubspot.properties, object_type))
            except (OursToFixError, RecordAtFaultError) as error:
                shortfalls.append(_shortfall(object_type, error))
                continue
            properties[object_type] = held
            shortfalls += shortfalls_in(object_type, held)
        pipelines, without = await self._order_pipelines()
        return AccountSchema(
            details=details,
            properties=properties,
            order_pipelines=pipelines,
            shortfalls=(*shortfalls, *without),
        )

    async def prepare(self) -> AccountSchema:
        """The account after the group and the properties it lacked were made, where it let us."""
        before = await self.read()
        refusals: dict[tuple[str, str], Shortfall] = {}
        for object_type, held in before.properties.items():
            wanted = lacking(object_type, held)
            if wanted:
                refusals |= await self._make(object_type, wanted)
        if not any(lacking(*each) for each in before.properties.items()):
            return before
        after = await self.read()
        explained = (refusals.get((s.object_type, s.property), s) for s in after.shortfalls)
        return replace(after, shortfalls=tuple(explained))

    async def _make(
        self, object_type: str, wanted: Sequence[CustomProperty]
    ) -> dict[tuple[str, str], Shortfall]:
        refusals: dict[tuple[str, str], Shortfall] = {}
        try:
            await self._make_group(object_type)
        except (OursToFixError, RecordAtFaultError) as error:
            return {
                (object_type, each.name): _shortfall(object_type, error, each.name)
                for each in wanted
            }
        for each in wanted:
            try:
                await self._make_property(object_type, each)
            except (OursToFixError, RecordAtFaultError) as error:
                refusals[object_type, each.name] = _shortfall(object_type, error, each.name)
        return refusals

    async def _make_group(self, object_type: str) -> None:
        if GROUP_NAME in await self._call(partial(self._hubspot.groups, object_type)):
            return
        make = partial(self._hubspot.create_group, object_type, GROUP_NAME, GROUP_LABEL)
        await self._unless_there(make)

    async def _make_property(self, object_type: str, wanted: CustomProperty) -> None:
        make = partial(self._hubspot.create_property, object_type)
        if is_key_of(object_type, wanted):
            try:
                await self._unless_there(partial(make, definition(wanted, is_unique=True)))
            except RecordAtFaultError:
                # Unique properties may not be allowed on this object, or all ten be taken: a plain
                # one still tells which records are ours.
                pass
            else:
                return
        await self._unless_there(partial(make, definition(wanted, is_unique=False)))

    async def _unless_there(self, make: Callable[[], Awaitable[None]]) -> None:
        try:
            await self._call(make)
        except RecordAtFaultError as error:
            if error.reason != "conflict":
                raise

    async def _order_pipelines(self) -> tuple[Sequence[Pipeline], tuple[Shortfall, ...]]:
        try:
            return await self._call(partial(self._hubspot.pipelines, "orders")), ()
        except (OursToFixError, RecordAtFaultError) as error:
            return (), (_shortfall("orders", error, "hs_pipeline_stage"),)

    async def _call(self, call: Callable[[], Awaitable[T]]) -> T:
        """One call; making a thing that is already there is a conflict, so all are repeatable."""

        async def paced() -> T:
            await self._slot()
            return await call()

        return await retried(
            paced, on=(WorldAtFaultError,), is_repeatable=True, patience=self._patience
        )


def _shortfall(
    object_type: str, error: OursToFixError | RecordAtFaultError, name: str = ""
) -> Shortfall:
    if isinstance(error, OursToFixError) and error.reason == "token_refused":
        raise error
    detail = error.code if isinstance(error, RecordAtFaultError) else error.detail
    return Shortfall(object_type=object_type, property=name, reason=error.reason, detail=detail)
