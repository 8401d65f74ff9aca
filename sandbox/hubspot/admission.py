"""What a call must pass before it is looked at: its token, the rate limits, its scopes.

https://developers.hubspot.com/docs/api-reference/error-handling
"""

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Call
from sandbox.hubspot.objects import PATH_NAMES
from sandbox.hubspot.problems import RefusedError
from sandbox.hubspot.quota import Policy
from sandbox.hubspot.routing import Found
from sandbox.hubspot.tokens import Token

_LIMIT_MESSAGES: dict[Policy, str] = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}
_COMMERCE = ("products", "line_items")


def bearer_of(account: Account, call: Call) -> Token:
    """The token of a call; 401 for none, an unknown or an expired one."""
    scheme, _, bearer = call.headers.get("authorization", "").partition(" ")
    token = account.tokens.bearers.get(bearer.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise RefusedError(
            401,
            "INVALID_AUTHENTICATION",
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and "
            "you can find more details at https://developers.hubspot.com/docs/methods/auth/"
            "oauth-overview",
        )
    if token.expires_at is not None and token.expires_at <= call.now:
        ago = int((call.now - token.expires_at).total_seconds())
        message = f"The OAuth token used to make this call expired {ago} second(s) ago."
        raise RefusedError(401, "EXPIRED_AUTHENTICATION", message)
    return token


def check_quota(account: Account, call: Call, token: Token, *, is_search: bool) -> None:
    """429 when a limit is met; there is no ``Retry-After``."""
    oauth = token.kind == "oauth"
    policy = account.quota.refused(call.now, token.app, oauth=oauth, search=is_search)
    if policy is not None:
        raise over_limit(account, policy)


def over_limit(account: Account, policy: Policy) -> RefusedError:
    """The 429 of a limit, in HubSpot's words."""
    return RefusedError(
        429,
        "RATE_LIMITS",
        _LIMIT_MESSAGES[policy],
        errorType="RATE_LIMIT",
        policyName=policy,
        requestId=account.correlation_id(),
    )


def check_scopes(found: Found, token: Token) -> None:
    """403 unless the token has one of the scopes the route accepts."""
    said = found.params.get("objectType") or found.params.get("fromObjectType") or ""
    object_type = PATH_NAMES.get(said, "")
    if said and not object_type:
        return
    needed = [each.replace("{objectType}", object_type) for each in found.route.scopes]
    if not needed:
        return
    if object_type in _COMMERCE:
        needed.append("e-commerce")
    if token.scopes.isdisjoint(needed):
        link = "https://developers.hubspot.com/scopes"
        detail = {
            "message": "One or more of the following scopes are required.",
            "context": {"requiredGranularScopes": needed},
        }
        raise RefusedError(
            403,
            "MISSING_SCOPES",
            "This app hasn't been granted all required scopes to make this call. Read more about "
            f"required scopes here: {link}.",
            errors=[detail],
            links={"scopes": link},
        )
