"""What is not HubSpot's, under ``/_sandbox/``: faults, switches, people's actions, the dump."""

from decimal import Decimal
from typing import Any

import orjson
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.hubspot.account import Account
from sandbox.hubspot.answering import refused
from sandbox.hubspot.faults import KINDS, Fault, fault_from
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.page import latest, shell
from sandbox.hubspot.people import People
from sandbox.hubspot.problems import Json, RefusedError, invalid
from sandbox.hubspot.quota import Tier
from sandbox.hubspot.striking import described


class Backstage:
    """The endpoints of an account's backstage."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def routes(self) -> list[Route]:
        """Where the endpoints are."""
        return [
            Route("/", self.home),
            Route("/_sandbox/", self.page),
            Route("/_sandbox/latest", self.latest),
            Route("/_sandbox/records", self.records),
            Route("/_sandbox/faults", self.faults, methods=["GET", "PUT"]),
            Route("/_sandbox/people/{action}", self.people, methods=["POST"]),
            Route("/_sandbox/calls", self.calls),
        ]

    async def home(self, _: Request) -> Response:
        """Lead people who open the bare address to the page."""
        return RedirectResponse("/_sandbox/")

    async def page(self, _: Request) -> Response:
        """The CRM page."""
        return HTMLResponse(shell())

    async def latest(self, _: Request) -> Response:
        """What the page shows."""
        return _json(latest(self.account))

    async def records(self, _: Request) -> Response:
        """Everything the account holds."""
        return _json(dump(self.account))

    async def faults(self, request: Request) -> Response:
        """What is switched on; ``PUT`` switches."""
        if request.method == "PUT":
            try:
                set_faults(self.account, orjson.loads(await request.body()))
            except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
                return _json({"message": str(error)}, 400)
        return _json(shown_faults(self.account))

    async def people(self, request: Request) -> Response:
        """Let people act."""
        try:
            said = orjson.loads(await request.body() or b"{}")
            return _json(People(self.account).act(request.path_params["action"], said))
        except orjson.JSONDecodeError as error:
            return _refused(self.account, invalid(str(error)))
        except RefusedError as error:
            return _refused(self.account, error)

    async def calls(self, _: Request) -> Response:
        """Who asked for what, how often."""
        return _json(counts(self.account))


def dump(account: Account) -> Json:
    """Every record, archived ones too, and every association from each of its ends."""
    found: Json = {
        name: [
            {
                "id": each.id,
                "properties": each.properties,
                "archived": each.archived,
                "createdAt": each.created_at,
                "updatedAt": each.updated_at,
                "made_by": each.made_by,
            }
            for each in account.records[name].by_id.values()
        ]
        for name in OBJECT_TYPES
    }
    found["associations"] = [
        {
            "from_type": one[0],
            "from_id": one[1],
            "to_type": other[0],
            "to_id": other[1],
            "type_id": type_id,
        }
        for one, other, type_id in account.associations.every()
    ]
    return found


def set_faults(account: Account, said: Json) -> None:
    """``{"faults": […], "switches": {…}, "quota": {…}, "scopes": […]}``, each part as wanted.

    ``schema`` maps object type to property to null (absent) or to what differs, ``rates`` the
    currencies added to the account to their rates. ``quota`` takes the names in ``_QUOTA``.
    """
    unknown = set(said) - {"faults", "switches", "quota", "scopes", "schema", "rates"}
    if unknown:
        raise ValueError(f"there is no {', '.join(sorted(unknown))} to set")
    faults: list[Fault] | None = None
    if "faults" in said:
        faults = [fault_from(each) for each in said["faults"]]
    quota = {name: _quota_of(name, value) for name, value in said.get("quota", {}).items()}
    scopes = _TEXTS.validate_python(said.get("scopes", []), strict=True)
    rates = {code: Decimal(rate) for code, rate in said.get("rates", {}).items()}
    account.switches.set(said.get("switches", {}))
    for name, value in quota.items():
        setattr(account.quota, name, value)
    if "scopes" in said:
        account.tokens.bearers[account.token].scopes = frozenset(scopes)
    for object_type, changes in said.get("schema", {}).items():
        _differ(account, object_type, changes)
    if "rates" in said:
        account.settings.rates = rates
    if faults is not None:
        account.faults = faults


def _differ(account: Account, object_type: str, changes: dict[str, Json | None]) -> None:
    """Let the account's schema differ: a property absent (null), or ``{"read_only": true}``."""
    schema = account.schemas[object_type]
    for name, change in changes.items():
        if change is None:
            schema.remove(name)
            continue
        if not set(change) <= _DIFFERENCES:
            raise ValueError(f"a property differs by {', '.join(sorted(_DIFFERENCES))}")
        definition = schema.redefine(name, **change)
        if change.get("unique"):
            account.records[object_type].index(definition.name)


_DIFFERENCES = {"read_only", "type", "field_type", "unique"}


_QUOTA: dict[str, TypeAdapter[Any]] = {
    "tier": TypeAdapter(Tier),
    "burst": TypeAdapter(int | None),
    "day": TypeAdapter(int | None),
    "lifted": TypeAdapter(bool),
    "increases": TypeAdapter(int),
    "search_counts": TypeAdapter(bool),
}
_TEXTS = TypeAdapter(list[str])


def _quota_of(name: str, value: object) -> object:
    if name not in _QUOTA:
        raise ValueError(f"the quota has no {name}")
    return _QUOTA[name].validate_python(value, strict=True)


def shown_faults(account: Account) -> Json:
    """What ``PUT`` set, and the kinds there are."""
    switches = account.switches
    return {
        "faults": [described(each) for each in account.faults],
        "switches": {name: getattr(switches, name) for name in switches.__dataclass_fields__},
        "quota": {name: getattr(account.quota, name) for name in _QUOTA},
        "scopes": sorted(account.tokens.bearers[account.token].scopes)
        if account.token in account.tokens.bearers
        else [],
        "kinds": {name: meaning for name, (meaning, _) in KINDS.items()},
    }


def counts(account: Account) -> Json:
    """Calls by method, path and status (0: reset), and what was asked for but is not served."""
    return {
        "calls": [
            {"method": method, "path": path, "status": status, "count": count}
            for (method, path, status), count in sorted(account.calls.items())
        ],
        "unserved": dict(account.unserved),
        "used_today": account.quota.used_today,
    }


def _json(body: Json, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def _refused(account: Account, error: RefusedError) -> Response:
    answer = refused(account, error)
    return _json(answer.body, answer.status)
