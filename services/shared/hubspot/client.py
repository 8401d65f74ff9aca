"""HubSpot's CRM API, one method an operation: no retry, no waiting, no policy.

Paths: https://developers.hubspot.com/docs/api-reference/latest/overview
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import httpx
import orjson

from services.shared.contract.bodies import json_object
from services.shared.contract.errors import OutcomeUnknownError
from services.shared.hubspot.account import (
    AccountDetails,
    Pipeline,
    PropertyInfo,
    account_in,
    pipelines_in,
    property_in,
)
from services.shared.hubspot.answers import page_in, reading_in, results_in
from services.shared.hubspot.links import Pair, associated_in, pairs_refused_in
from services.shared.hubspot.problems import RateLimitedError, problem_with
from services.shared.hubspot.rates import RateFacts, rate_facts_in
from services.shared.hubspot.refusals import Refusal
from services.shared.hubspot.rows import Page, Reading, Result, Row, input_of
from services.shared.runtime.network import network_problem

API_VERSION = "2026-09"
BASE_URL = "https://api.hubapi.com"

Answer = Mapping[str, Any]


async def ignored(_: RateFacts) -> None:
    """An observer of rate facts for those who do not care."""


class HubSpot:
    """One account.

    Every method makes exactly one call and raises what ``problems.problem_in`` says of its answer,
    or what ``network.network_problem`` says of its failure. ``token`` is asked at each call;
    ``observe`` gets the rate facts of every answer, refused ones included.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        token: Callable[[], str],
        *,
        observe: Callable[[RateFacts], Awaitable[None]] = ignored,
        base_url: str = BASE_URL,
    ) -> None:
        self._http = http
        self._token = token
        self._observe = observe
        self._base_url = base_url.rstrip("/")

    async def batch_upsert(self, object_type: str, rows: Sequence[Row]) -> Mapping[str, Result]:
        """Create or update up to 100 rows by ``id_property``; one result per trace."""
        return await self._batch(object_type, "upsert", rows)

    async def batch_create(self, object_type: str, rows: Sequence[Row]) -> Mapping[str, Result]:
        """Create up to 100 rows, with their associations; not repeatable."""
        return await self._batch(object_type, "create", rows)

    async def batch_update(self, object_type: str, rows: Sequence[Row]) -> Mapping[str, Result]:
        """Update up to 100 rows by record id, or by ``id_property``; one result per trace."""
        return await self._batch(object_type, "update", rows)

    async def batch_archive(self, object_type: str, ids: Iterable[str]) -> None:
        """Put up to 100 records into the recycle bin; unknown ids are no error."""
        body = {"inputs": [{"id": each} for each in ids]}
        await self._post(f"{_objects(object_type)}/batch/archive", body)

    async def batch_read(
        self,
        object_type: str,
        ids: Sequence[str],
        properties: Iterable[str],
        id_property: str = "",
    ) -> Reading:
        """Up to 100 records by id or by a unique property."""
        asked = {*properties, id_property} - {""}
        body: dict[str, Any] = {
            "inputs": [{"id": each} for each in ids],
            "properties": sorted(asked),
            "propertiesWithHistory": [],
        }
        if id_property:
            body["idProperty"] = id_property
        answer = await self._post(f"{_objects(object_type)}/batch/read", body)
        return reading_in(ids, id_property, answer)

    async def page(
        self,
        object_type: str,
        *,
        after: str = "",
        properties: Iterable[str] = (),
        limit: int = 100,
    ) -> Page:
        """One page of all records that are not archived, oldest id first; ``limit`` up to 100.

        Raises:
            OutcomeUnknownError: the answer is no page, or leads back to where it was asked for.
        """
        query = {
            "limit": str(limit),
            "after": after,
            "properties": ",".join(properties),
        }
        given = {name: value for name, value in query.items() if value}
        page = page_in(await self._get(_objects(object_type), given))
        if after and page.after == after:
            raise OutcomeUnknownError("garbled_answer")
        return page

    async def associate_default(
        self, from_type: str, to_type: str, pairs: Sequence[Pair]
    ) -> Mapping[Pair, Refusal]:
        """Link pairs by the default association; repeatable. Returns the pairs refused."""
        path = f"{_associations(from_type, to_type)}/batch/associate/default"
        body = {"inputs": [{"from": {"id": p.from_id}, "to": {"id": p.to_id}} for p in pairs]}
        return pairs_refused_in(pairs, await self._post(path, body))

    async def associations(
        self, from_type: str, to_type: str, from_ids: Sequence[str]
    ) -> Mapping[str, frozenset[str]]:
        """The ids linked with each of up to 1,000 records; consistent at once.

        Raises:
            OutcomeUnknownError: a record has more links than one answer holds (500).
        """
        path = f"{_associations(from_type, to_type)}/batch/read"
        answer = await self._post(path, {"inputs": [{"id": each} for each in from_ids]})
        return associated_in(from_ids, answer)

    async def dissociate(self, from_type: str, to_type: str, pairs: Sequence[Pair]) -> None:
        """Remove all links between the pairs; up to 100 different ``from_id``; repeatable."""
        targets: dict[str, list[dict[str, str]]] = {}
        for pair in pairs:
            targets.setdefault(pair.from_id, []).append({"id": pair.to_id})
        inputs = [{"from": {"id": each}, "to": to} for each, to in targets.items()]
        await self._post(f"{_associations(from_type, to_type)}/batch/archive", {"inputs": inputs})

    async def association_type(self, from_type: str, to_type: str) -> int | None:
        """The id of HubSpot's own unlabelled association between two types, if it names one."""
        answer = await self._get(f"{_associations(from_type, to_type)}/labels")
        for entry in _entries(answer):
            is_default = entry.get("category") == "HUBSPOT_DEFINED" and not entry.get("label")
            if is_default and isinstance(entry.get("typeId"), int):
                return int(entry["typeId"])
        return None

    async def properties(self, object_type: str) -> Mapping[str, PropertyInfo]:
        """All properties of an object type that are not archived, by name."""
        answer = await self._get(_properties(object_type))
        found = [property_in(entry) for entry in _entries(answer)]
        return {each.name: each for each in found if not each.is_archived}

    async def create_property(self, object_type: str, definition: Mapping[str, Any]) -> None:
        """Create a property, or restore an archived one of that name."""
        await self._post(_properties(object_type), definition)

    async def groups(self, object_type: str) -> frozenset[str]:
        """The names of the property groups of an object type."""
        answer = await self._get(f"{_properties(object_type)}/groups")
        return frozenset(str(entry.get("name", "")) for entry in _entries(answer))

    async def create_group(self, object_type: str, name: str, label: str) -> None:
        """Create a property group at the end of the list."""
        body = {"name": name, "label": label, "displayOrder": -1}
        await self._post(f"{_properties(object_type)}/groups", body)

    async def pipelines(self, object_type: str) -> Sequence[Pipeline]:
        """The pipelines of an object type, with their stages, in display order."""
        return pipelines_in(await self._get(f"/crm/pipelines/{API_VERSION}/{object_type}"))

    async def account(self) -> AccountDetails:
        """Which account the token belongs to, its time zone and its currencies."""
        return account_in(await self._get(f"/account-info/{API_VERSION}/details"))

    async def _batch(
        self, object_type: str, operation: str, rows: Sequence[Row]
    ) -> Mapping[str, Result]:
        body = {"inputs": [input_of(row) for row in rows]}
        answer = await self._post(f"{_objects(object_type)}/batch/{operation}", body)
        return results_in(rows, answer)

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Answer:
        return await self._call("GET", path, params=query)

    async def _post(self, path: str, body: Mapping[str, Any]) -> Answer:
        return await self._call("POST", path, content=orjson.dumps(body))

    async def _call(self, method: str, path: str, **request: Any) -> Answer:
        headers = {
            "Authorization": f"Bearer {self._token()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        url = self._base_url + path
        try:
            response = await self._http.request(method, url, headers=headers, **request)
        except httpx.RequestError as error:
            # The cause quotes the URL and perhaps headers; it is left behind on purpose.
            raise network_problem(error) from None
        answer = json_object(response.content)
        problem = problem_with(
            response.status_code, response.headers, answer, is_empty=not response.content
        )
        refused = problem.policy if isinstance(problem, RateLimitedError) else None
        await self._observe(rate_facts_in(response.headers, refused))
        if problem is not None:
            raise problem
        return answer or {}


def _entries(answer: Answer) -> list[Mapping[str, Any]]:
    results = answer.get("results")
    if not isinstance(results, list):
        raise OutcomeUnknownError("garbled_answer")
    return [entry for entry in results if isinstance(entry, dict)]


def _objects(object_type: str) -> str:
    return f"/crm/objects/{API_VERSION}/{object_type}"


def _properties(object_type: str) -> str:
    return f"/crm/properties/{API_VERSION}/{object_type}"


def _associations(from_type: str, to_type: str) -> str:
    return f"/crm/associations/{API_VERSION}/{from_type}/{to_type}"
