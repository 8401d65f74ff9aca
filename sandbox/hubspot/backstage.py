"""What is not HubSpot's: faults and switches, people's actions, the dump, the counts. Under ``/_sandbox/``."""

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from sandbox.hubspot.account import Account
from sandbox.hubspot.answering import refused
from sandbox.hubspot.catalogue import OBJECT_TYPES
from sandbox.hubspot.faults import KINDS, Fault, fault_from
from sandbox.hubspot.people import People
from sandbox.hubspot.problems import Json, RefusedError, invalid
from sandbox.hubspot.striking import described

Endpoint = Callable[[Request], Awaitable[Response]]


def routes(account: Account) -> list[Route]:
    """The routes of an account's backstage."""

    async def records(_: Request) -> Response:
        return _json(dump(account))

    async def faults(request: Request) -> Response:
        if request.method == "PUT":
            try:
                set_faults(account, orjson.loads(await request.body()))
            except (ValueError, TypeError) as error:
                return _json({"message": str(error)}, 400)
        return _json(shown_faults(account))

    async def people(request: Request) -> Response:
        try:
            said = orjson.loads(await request.body() or b"{}")
            return _json(People(account).act(request.path_params["action"], said))
        except orjson.JSONDecodeError as error:
            return _refused(account, invalid(str(error)))
        except RefusedError as error:
            return _refused(account, error)

    async def calls(_: Request) -> Response:
        return _json(counts(account))

    async def home(_: Request) -> Response:
        return RedirectResponse("/_sandbox/")

    return [
        Route("/", home),
        Route("/_sandbox/records", records),
        Route("/_sandbox/faults", faults, methods=["GET", "PUT"]),
        Route("/_sandbox/people/{action}", people, methods=["POST"]),
        Route("/_sandbox/calls", calls),
    ]


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
    """``{"faults": […], "switches": {…}, "quota": {…}, "scopes": […]}``; each part replaces or sets.

    ``quota`` takes ``tier``, ``burst``, ``day``, ``lifted``, ``increases``, ``search_counts``.
    """
    unknown = set(said) - {"faults", "switches", "quota", "scopes"}
    if unknown:
        raise ValueError(f"there is no {', '.join(sorted(unknown))} to set")
    faults: list[Fault] | None = None
    if "faults" in said:
        faults = [fault_from(each) for each in said["faults"]]
    account.switches.set(said.get("switches", {}))
    for name, value in said.get("quota", {}).items():
        if name not in _QUOTA:
            raise ValueError(f"the quota has no {name}")
        setattr(account.quota, name, value)
    if "scopes" in said:
        account.tokens.bearers[account.token].scopes = frozenset(said["scopes"])
    if faults is not None:
        account.faults = faults


_QUOTA = ("tier", "burst", "day", "lifted", "increases", "search_counts")


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
