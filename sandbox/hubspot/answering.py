"""From a call to its answer: admission, the handler, refusals in HubSpot's envelope."""

from collections.abc import Mapping

from sandbox.hubspot.account import Account
from sandbox.hubspot.admission import bearer_of, check_quota, check_scopes
from sandbox.hubspot.calls import Answer, Call
from sandbox.hubspot.problems import RefusedError
from sandbox.hubspot.routing import Found
from sandbox.hubspot.tokens import Token


def answer_to(account: Account, call: Call, found: Found | None) -> Answer:
    """Carry out a call. What the simulator does not serve is a 501 that says so, and is counted."""
    if found is None:
        return _unserved(account, f"{call.method} {call.path}")
    call.version, call.params = found.version, found.params
    limits: Mapping[str, str] = {}
    try:
        if not found.route.is_open:
            token = bearer_of(account, call)
            try:
                check_quota(account, call, token, is_search=found.route.is_search)
            finally:
                limits = {} if found.route.is_search else _limits(account, call, token)
            check_scopes(found, token)
            _check_query(found, call)
        answer = found.route.handler(account, call)
    except RefusedError as error:
        answer = refused(account, error)
    except NotImplementedError as missing:
        return _unserved(account, f"{call.method} {call.path} with {missing}")
    answer.headers |= limits
    return answer


def refused(account: Account, error: RefusedError) -> Answer:
    """A refusal in HubSpot's envelope."""
    body = {**error.body, "correlationId": account.correlation_id()}
    return Answer(error.status, body, error.headers)


def _check_query(found: Found, call: Call) -> None:
    """HubSpot passes over what it does not know; what it knows and we do not would be a guess."""
    for name, values in call.query.items():
        if any(values) and name not in found.route.query:
            raise NotImplementedError(f"{name} in the query")


def _limits(account: Account, call: Call, token: Token) -> Mapping[str, str]:
    return account.quota.headers(call.now, token.app, oauth=token.kind == "oauth")


def _unserved(account: Account, what: str) -> Answer:
    account.unserved[what] += 1
    message = f"The simulator does not serve {what}; what it serves is in sandbox/rules.toml."
    error = RefusedError(501, "NOT_SERVED_BY_THE_SIMULATOR", message)
    return refused(account, error)
