"""One store's Admin GraphQL API: one call for one query, paced by its cost.

https://shopify.dev/docs/api/admin-graphql
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson

from services.shared.contract.bodies import json_object
from services.shared.contract.errors import OutcomeUnknownError
from services.shared.runtime.logging import Action
from services.shared.runtime.network import network_problem
from services.shared.shopify.address import ShopAddress
from services.shared.shopify.answers import (
    Path,
    ThrottledError,
    TokenRefusedError,
    cost_in,
    date_in,
    http_problem_in,
    parsed,
)
from services.shared.shopify.costs import (
    MOST_PER_QUERY,
    Bucket,
    Cost,
    learned,
    released,
    reserved,
    wait_seconds,
)
from services.shared.shopify.tokens import TokenSource

_LOG = logging.getLogger(__name__)
API_VERSION = "2026-10"
# The Date header has whole seconds and may be stamped when the answer leaves.
_DATE_PRECISION = timedelta(seconds=1)
_FIRST_COST_GUESS = 100.0
_THROTTLED_AT_MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a query brought.

    ``observed_at`` is a moment on Shopify's clock before the store was read: everything that had
    happened by then is in ``data``. At the ``denied`` paths a null proves nothing.
    """

    data: Mapping[str, Any]
    observed_at: datetime
    cost: Cost | None = None
    denied: Sequence[Path] = ()


class Admin:
    """One store. Nothing is repeated but what Shopify surely did not run.

    That is: THROTTLED (the cost bucket was too empty), and once a call whose token was refused.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        address: ShopAddress,
        tokens: TokenSource,
    ) -> None:
        self._http = http
        self._address = address
        self._tokens = tokens
        self._served = API_VERSION
        self._bucket = Bucket()
        self._requested_costs: dict[str, float] = {}

    @property
    def shop(self) -> str:
        """The shop's full host."""
        return self._address.host

    async def query(self, document: str, variables: Mapping[str, Any] | None = None) -> Answer:
        """Run ``document``; waits first until the store's bucket holds what it cost last time.

        Raises:
            SyncError: what ``answers`` says of the answer, ``network`` of a failure to get one.
        """
        content = orjson.dumps({"query": document, "variables": dict(variables or {})})
        for _ in range(_THROTTLED_AT_MOST - 1):
            try:
                return await self._authorized(document, content)
            except ThrottledError as error:
                await asyncio.sleep(error.retry_after or 1.0)
        return await self._authorized(document, content)

    async def _authorized(self, document: str, content: bytes) -> Answer:
        token = await self._tokens.current()
        try:
            return await self._paced(document, content, token)
        except TokenRefusedError:
            other = await self._tokens.renewed(token)
            return await self._paced(document, content, other)

    async def _paced(self, document: str, content: bytes, token: str) -> Answer:
        clock = asyncio.get_running_loop().time
        cost = self._requested_costs.get(document, _FIRST_COST_GUESS)
        while (wait := wait_seconds(self._bucket, cost, clock())) > 0:  # noqa: ASYNC110 - time fills it
            await asyncio.sleep(wait)
        self._bucket = reserved(self._bucket, cost)
        said: Cost | None = None
        try:
            sent_at = clock()
            response = await self._sent(content, token)
            took = timedelta(seconds=clock() - sent_at)
            body = json_object(response.content)
            said = cost_in(body or {})
        finally:
            self._settle(document, cost, said)
        return self._answer(response, body, took)

    async def _sent(self, content: bytes, token: str) -> httpx.Response:
        headers = {
            "Host": self._address.host,
            "Content-Type": "application/json",
            "Accept": "application/json",
            "X-Shopify-Access-Token": token,
        }
        url = f"{self._address.url}/admin/api/{API_VERSION}/graphql.json"
        try:
            return await self._http.post(url, headers=headers, content=content)
        except httpx.RequestError as error:
            # The cause carries the request, and with it the token: it is left behind on purpose.
            raise network_problem(error) from None

    def _settle(self, document: str, cost: float, said: Cost | None) -> None:
        now = asyncio.get_running_loop().time()
        if said is None:
            self._bucket = released(self._bucket, cost, now)
            return
        self._bucket = learned(self._bucket, cost, said, now)
        self._requested_costs[document] = min(said.requested, MOST_PER_QUERY)

    def _answer(
        self, response: httpx.Response, body: Mapping[str, Any] | None, took: timedelta
    ) -> Answer:
        problem = http_problem_in(response.status_code, response.headers)
        if problem is not None:
            raise problem
        self._note_version(response.headers.get("X-Shopify-API-Version", API_VERSION))
        found = parsed(body)
        date = date_in(response.headers)
        if date is None:
            raise OutcomeUnknownError("undated_answer")
        return Answer(
            data=found.data,
            observed_at=date - took - _DATE_PRECISION,
            cost=found.cost,
            denied=found.denied,
        )

    def _note_version(self, served: str) -> None:
        """Say once that Shopify answers by another version, as it does for one it has retired.

        https://shopify.dev/docs/api/usage/versioning
        """
        if served != self._served:
            self._served = served
            _LOG.warning(
                "Shopify answers by another version of its API",
                extra={"action": Action.OTHER_VERSION, "shop": self.shop, "served": served},
            )
