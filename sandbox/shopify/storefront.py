"""The storefront page at ``/_sandbox/``: look at the stores, act in them, spoil the deliveries."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.shopify.api_faults import STATUSES
from sandbox.shopify.app import create_app
from sandbox.shopify.delivery import Deliveries
from sandbox.shopify.model import written
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from sandbox.shopify.storefront_deeds import DEEDS, ago
from sandbox.shopify.storefront_rows import TABLES, called, counts, delivery_json, rows

_HERE = Path(__file__).parent
_ASSETS = {"storefront.css": "text/css", "storefront.js": "text/javascript"}
_DELIVERIES_SHOWN = 40

Endpoint = Callable[[Request], Awaitable[Response]]


def create_storefront(shopify: Shopify, deliveries: Deliveries, *, dated: bool = True) -> Starlette:
    """The whole simulator: the vendor's API, the sandbox's own paths, and the page.

    ``/_sandbox/faults`` has the groups ``api`` and ``delivery``. ``deliveries`` is entered and left
    by the caller, in the event loop that serves the application; ``dated`` is ``create_app``'s.
    """
    return create_app(
        shopify,
        storefront_routes(shopify, deliveries),
        {"delivery": deliveries.faults},
        dated=dated,
    )


def storefront_routes(shopify: Shopify, deliveries: Deliveries) -> list[BaseRoute]:
    """The page and what it fetches; ``GET /_sandbox/deliveries`` lists the newest deliveries."""
    page = _Storefront(shopify, deliveries)
    return [
        Route("/_sandbox", _to_page),
        Route("/_sandbox/", page.whole),
        Route("/_sandbox/storefront/view", page.view),
        Route("/_sandbox/storefront/{shop}/{table}/{number:int}", page.record),
        Route("/_sandbox/storefront/{shop}/{deed}", page.act, methods=["POST"]),
        Route("/_sandbox/static/{name}", _asset),
        Route("/_sandbox/deliveries", page.recent),
    ]


async def _to_page(_request: Request) -> Response:
    return RedirectResponse("/_sandbox/")


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        return Response(status_code=404)
    return Response((_HERE / "static" / name).read_bytes(), media_type=_ASSETS[name])


class _Storefront:
    def __init__(self, shopify: Shopify, deliveries: Deliveries) -> None:
        self._shopify = shopify
        self._deliveries = deliveries
        self._templates = jinja2.Environment(
            loader=jinja2.FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
        )

    async def whole(self, request: Request) -> Response:
        return HTMLResponse(
            self._render(
                "storefront.html",
                stores=list(self._shopify.stores.values()),
                faults=self._faults(),
                statuses=STATUSES,
                **self._shown(request),
            )
        )

    async def view(self, request: Request) -> Response:
        shown = self._shown(request)
        return JSONResponse(
            {
                "records": self._render("storefront_records.html", **shown),
                "deliveries": self._render("storefront_deliveries.html", **shown),
                "counts": shown["counts"],
                "faults": self._faults(),
            }
        )

    async def record(self, request: Request) -> Response:
        store, table = self._store(request.path_params["shop"]), request.path_params["table"]
        if store is None or table not in TABLES:
            return Response(status_code=404)
        record = store.table(TABLES[table]).get(request.path_params["number"])
        if record is None:
            return Response(status_code=404)
        body = json.loads(written(store.snapshot(TABLES[table], record)))
        return JSONResponse(body)

    async def act(self, request: Request) -> Response:
        store, deed = self._store(request.path_params["shop"]), request.path_params["deed"]
        if store is None or deed not in DEEDS:
            return JSONResponse({"problem": "there is no such store or button"}, 404)
        asked = await request.json()
        try:
            record = DEEDS[deed](store, int(asked.get("id", 0)), str(asked.get("value", "")))
        except KeyError:
            return JSONResponse({"problem": "the record is gone"}, 404)
        except (ValueError, ArithmeticError) as problem:
            return JSONResponse({"problem": str(problem) or "not a number"}, 422)
        return JSONResponse({"name": called(record), "id": record.get("id")})

    async def recent(self, _request: Request) -> Response:
        newest = reversed(self._deliveries.recent)
        return JSONResponse([delivery_json(each) for each in newest])

    def _faults(self) -> dict[str, dict[str, object]]:
        return {
            "delivery": self._deliveries.faults.as_json(),
            "api": self._shopify.faults.as_json(),
        }

    def _store(self, shop: str) -> Store | None:
        return self._shopify.stores.get(shop)

    def _shown(self, request: Request) -> dict[str, Any]:
        asked = request.query_params
        stores = self._shopify.stores
        store = stores.get(asked.get("shop", "")) or next(iter(stores.values()), None)
        table = asked.get("table", "orders")
        table = table if table in TABLES else "orders"
        query, newest = asked.get("q", ""), list(reversed(self._deliveries.recent))
        return {
            "store": store,
            "table": table,
            "tables": list(TABLES),
            "query": query,
            "rows": rows(store, table, query) if store else [],
            "counts": counts(store) if store else dict.fromkeys(TABLES, 0),
            "deliveries": [delivery_json(each) for each in newest[:_DELIVERIES_SHOWN]],
        }

    def _render(self, template: str, **values: Any) -> str:
        now = self._shopify.now()
        made = self._templates.get_template(template)
        return made.render(ago=lambda at: ago(at, now), **values)
