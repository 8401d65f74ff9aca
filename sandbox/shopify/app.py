"""The simulator as an ASGI application: the vendor's paths, and the sandbox's own beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from pydantic import NonNegativeFloat, TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sandbox.shopify.actions import ACTIONS
from sandbox.shopify.admin import Admin
from sandbox.shopify.api_faults import Faults
from sandbox.shopify.model import written
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store

# What ``PUT /_sandbox/stores/{shop}`` may change beside scopes and lag, and to what.
SETTINGS: Mapping[str, TypeAdapter[Any]] = {
    "plan": TypeAdapter(Literal["standard", "advanced", "plus", "enterprise"]),
    **dict.fromkeys(("products_default_status", "orders_default_status"), TypeAdapter(str | None)),
    **dict.fromkeys(
        (
            "frozen",
            "protected_data",
            "metafield_edits_bump",
            "tag_edits_bump",
            "customers_by_day",
            "credentials_permitted",
        ),
        TypeAdapter(bool),
    ),
}
_ALWAYS: Mapping[str, TypeAdapter[Any]] = {
    "scopes": TypeAdapter(list[str]),
    "index_lag_seconds": TypeAdapter(NonNegativeFloat),
}


def create_app(
    shopify: Shopify,
    extra_routes: Sequence[BaseRoute] = (),
    fault_groups: Mapping[str, Faults] | None = None,
    *,
    dated: bool = True,
) -> Starlette:
    """The application.

    Args:
        shopify: The stores; their actions may also be called in process.
        extra_routes: Further paths of the sandbox, under ``/_sandbox/`` or ``/``.
        fault_groups: Further groups of ``/_sandbox/faults``, by name; ``api`` is
            ``shopify.faults``.
        dated: Whether answers carry a ``Date`` by the simulator's clock. Under uvicorn also say
            ``date_header=False``, or there will be two.
    """
    groups: dict[str, Faults] = {"api": shopify.faults, **(fault_groups or {})}
    own = Sandbox(shopify, groups)
    admin = Admin(shopify, shopify.faults, dated=dated)
    catch_all = Route("/{path:path}", _not_served, methods=["GET", "POST", "PUT", "DELETE"])
    app = Starlette(routes=[*admin.routes(), *own.routes(), *extra_routes, catch_all])
    app.state.shopify = shopify
    app.state.admin = admin
    return app


async def _not_served(request: Request) -> Response:
    """What the vendor may serve and the sandbox does not is refused, never guessed."""
    message = f"the sandbox does not serve {request.method} {request.url.path}"
    return _json({"errors": message}, 501)


def _json(body: Any, status: int = 200) -> Response:
    return Response(written(body), status, media_type="application/json")


class Sandbox:
    """The paths that are not the vendor's: records, stores, actions, faults."""

    def __init__(self, shopify: Shopify, groups: Mapping[str, Faults]) -> None:
        self._shopify = shopify
        self._groups = groups

    def routes(self) -> list[Route]:
        """The sandbox's own paths."""
        return [
            Route("/_sandbox/records", self.records),
            Route("/_sandbox/stores", self.stores),
            Route("/_sandbox/stores/{shop}", self.settings, methods=["PUT"]),
            Route("/_sandbox/stores/{shop}/actions/{action}", self.act, methods=["POST"]),
            Route("/_sandbox/faults", self.faults, methods=["GET", "PUT"]),
        ]

    async def records(self, request: Request) -> Response:
        """``GET /_sandbox/records?shop=``: everything in a store."""
        store = self._shopify.stores.get(request.query_params.get("shop", ""))
        return _json(store.records()) if store else _json({"errors": "no such shop"}, 404)

    async def stores(self, _: Request) -> Response:
        """``GET /_sandbox/stores``: the stores with their app's credentials and settings."""
        return _json([described(each) for each in self._shopify.stores.values()])

    async def settings(self, request: Request) -> Response:
        """``PUT /_sandbox/stores/{shop}``: ``SETTINGS``, ``scopes``, ``index_lag_seconds``."""
        store = self._shopify.stores.get(request.path_params["shop"])
        changes = await _body(request)
        if store is None:
            return _json({"errors": "no such shop"}, 404)
        if changes is None:
            return _json({"errors": "the body is no JSON object"}, 400)
        try:
            for name, check in {**SETTINGS, **_ALWAYS}.items():
                if name in changes:
                    check.validate_python(changes[name], strict=True)
            store.set(changes, list(SETTINGS))
        except ValueError as error:
            return _json({"errors": str(error)}, 422)
        return _json(described(store))

    async def act(self, request: Request) -> Response:
        """``POST /_sandbox/stores/{shop}/actions/{action}``: the changed record."""
        store = self._shopify.stores.get(request.path_params["shop"])
        action = ACTIONS.get(request.path_params["action"])
        arguments = await _body(request)
        if store is None or action is None:
            return _json({"errors": "no such shop or action"}, 404)
        if arguments is None:
            return _json({"errors": "the body is no JSON object"}, 400)
        if isinstance(arguments.get("created_at"), str):
            at = datetime.fromisoformat(arguments["created_at"])
            arguments["created_at"] = at.astimezone(UTC)
        try:
            return _json(action(store, **arguments))
        except (KeyError, ValueError, TypeError) as error:
            return _json({"errors": f"{type(error).__name__}: {error}"}, 422)

    async def faults(self, request: Request) -> Response:
        """``GET`` and ``PUT /_sandbox/faults``: ``{"api": {"status": 503}, "delivery": {…}}``."""
        if request.method == "PUT":
            changes = await _body(request)
            given = changes or {}
            known = given.keys() <= self._groups.keys()
            if changes is None or not known or not all(isinstance(v, dict) for v in given.values()):
                return _json({"errors": f"one object for each of {sorted(self._groups)}"}, 400)
            try:
                for name, switches in changes.items():
                    self._groups[name].update(switches)
            except ValueError as error:
                return _json({"errors": str(error)}, 422)
        return _json({name: each.as_json() for name, each in self._groups.items()})


async def _body(request: Request) -> dict[str, Any] | None:
    body = await request.body()
    try:
        given = orjson.loads(body or b"{}")
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def described(store: Store) -> dict[str, Any]:
    """A store with what an app needs to reach it."""
    unending = (each.value for each in store.tokens.values() if each.expires_at is None)
    return {
        **store.shop_record(),
        "shop": store.shop,
        "client_id": store.client_id,
        "client_secret": store.client_secret,
        "access_token": next(unending, None),
        "scopes": list(store.scopes),
        "installed": store.installed,
        "utc_offset_minutes": int(store.utc_offset.total_seconds() // 60),
        "index_lag_seconds": store.index_lag.total_seconds(),
        "subscriptions": store.subscriptions,
        **{name: getattr(store, name) for name in SETTINGS},
    }
