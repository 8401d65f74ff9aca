"""What a caller sees when a fault strikes its call."""

from collections.abc import Callable

import orjson

from sandbox.hubspot.account import Account
from sandbox.hubspot.admission import over_limit
from sandbox.hubspot.answering import refused
from sandbox.hubspot.calls import Answer, Call, objects_in
from sandbox.hubspot.faults import Fault
from sandbox.hubspot.problems import Json, Problem, RefusedError, RowError
from sandbox.hubspot.quota import Policy
from sandbox.hubspot.shapes import batch_answer

_POLICIES: dict[str, Policy] = {
    "burst": "TEN_SECONDLY_ROLLING",
    "daily": "DAILY",
    "secondly": "SECONDLY",
}
_PAGE = b"<html><head><title>HubSpot</title></head><body>Something went wrong.</body></html>"
_HTML = {"content-type": "text/html;charset=utf-8"}
_GATEWAY = frozenset({502, 503, 504, 521, 523, 524})

Carry = Callable[[], Answer]


async def struck(account: Account, call: Call, carry: Carry) -> Answer | None:
    """The answer to a call, bent by the first fault that strikes it; None: a reset connection."""
    for fault in account.faults:
        if fault.strikes(call.method, call.path, account.random):
            return await _bent(account, call, carry, fault)
    return carry()


async def _bent(account: Account, call: Call, carry: Carry, fault: Fault) -> Answer | None:
    if fault.kind == "slow":
        return await _late(account, fault, carry)
    if fault.kind == "errors":
        return _one_lost(account, call, carry)
    answer = carry() if fault.applies else Answer(200, {})
    if fault.kind == "reset":
        return None
    if fault.kind in _GARBLED:
        return _GARBLED[fault.kind](answer)
    return _refusing(account, fault)


async def _late(account: Account, fault: Fault, carry: Carry) -> Answer:
    if fault.applies:
        answer = carry()
        await account.sleep(fault.seconds)
        return answer
    await account.sleep(fault.seconds)
    return carry()


def _one_lost(account: Account, call: Call, carry: Carry) -> Answer:
    """The last input is not written and answered by an error, under an ordinary status.

    An archive answers nothing, and so could not say it: all of it is carried out.
    """
    body = call.json() if call.body else {}
    if not body.get("inputs") or call.path.endswith("/archive"):
        return carry()
    *kept, lost = objects_in(body, "inputs")
    call.body = orjson.dumps({**body, "inputs": kept})
    alone = 201 if call.path.endswith("/batch/create") else 200
    answer = carry() if kept else Answer(alone, batch_answer(account, []))
    if isinstance(answer.body, dict) and "results" in answer.body:
        problem = Problem(message="Internal error", category="INTERNAL_ERROR", status=500)
        row = RowError(problems=(problem,), trace_id=lost.get("objectWriteTraceId"))
        errors = [*answer.body.get("errors", ()), row.to_json()]
        answer.body |= {"errors": errors, "numErrors": len(errors)}
    return answer


def _refusing(account: Account, fault: Fault) -> Answer:
    if fault.kind in _POLICIES:
        return refused(account, over_limit(account, _POLICIES[fault.kind]))
    if fault.kind == "locked":
        message = "This record is locked by another request. Please retry."
        return refused(account, RefusedError(423, "LOCKED", message))
    if fault.kind == "migrating":
        wait = {"Retry-After": str(int(fault.seconds))}
        message = "This account is being migrated between data hosting locations."
        return refused(account, RefusedError(477, "MIGRATION_IN_PROGRESS", message, headers=wait))
    if fault.status in _GATEWAY:
        return Answer(fault.status, _PAGE, dict(_HTML))
    usual = _REFUSED if fault.status < _ITS_OWN_FAULT else ("INTERNAL_ERROR", "internal error")
    category, message = _CATEGORIES.get(fault.status, usual)
    return refused(account, RefusedError(fault.status, category, message))


_REFUSED = ("VALIDATION_ERROR", "Invalid input")
_ITS_OWN_FAULT = 500
_CATEGORIES = {
    401: ("INVALID_AUTHENTICATION", "Authentication credentials not found."),
    403: ("MISSING_SCOPES", "This app hasn't been granted all required scopes to make this call."),
    404: ("OBJECT_NOT_FOUND", "resource not found"),
    409: ("CONFLICT", "conflict"),
    414: ("VALIDATION_ERROR", "Cannot have more than 250 identities on a profile"),
}


def _empty(answer: Answer) -> Answer:
    return Answer(answer.status, None, answer.headers)


def _html(answer: Answer) -> Answer:
    return Answer(answer.status, _PAGE, answer.headers | _HTML)


def _truncated(answer: Answer) -> Answer:
    content = answer.content()
    return Answer(answer.status, content[: len(content) // 2], answer.headers)


_GARBLED: dict[str, Callable[[Answer], Answer]] = {
    "empty": _empty,
    "html": _html,
    "truncated": _truncated,
}


def described(fault: Fault) -> Json:
    """A fault as ``GET /_sandbox/faults`` shows it."""
    return {name: getattr(fault, name) for name in Fault.__dataclass_fields__}
