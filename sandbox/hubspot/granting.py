"""OAuth over the web: https://developers.hubspot.com/docs/api-reference/auth-oauth-v3/guide."""

from urllib.parse import parse_qs

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Answer, Call
from sandbox.hubspot.problems import RefusedError
from sandbox.hubspot.tokens import ACCESS_SECONDS, REFRESH_TOKEN

USER_ID = 1


def token(account: Account, call: Call) -> Answer:
    """An access token for a code, a refresh token, or the app itself; the form is the body."""
    form = _form(call)
    _check_client(account, form)
    grant = form.get("grant_type", "")
    tokens = account.tokens
    if grant == "refresh_token":
        if form.get("refresh_token") not in tokens.refresh:
            message = "missing or invalid refresh token"
            raise _bad("invalid_grant", "BAD_REFRESH_TOKEN", message)
        refresh = form["refresh_token"]
    elif grant == "authorization_code":
        if form.get("code") not in tokens.codes:
            raise _bad("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
        tokens.codes.discard(form["code"])
        tokens.refresh.add(REFRESH_TOKEN)
        refresh = REFRESH_TOKEN
    elif grant == "client_credentials":
        refresh = ""
    else:
        raise _bad("unsupported_grant_type", "BAD_GRANT_TYPE", f"grant_type {grant} is not known")
    body = {
        "token_type": "bearer",
        "access_token": tokens.issue(call.now),
        "expires_in": ACCESS_SECONDS,
        "hub_id": account.settings.portal_id,
        "scopes": sorted(tokens.scopes),
        "user_id": USER_ID,
        "token_use": "access_token" if refresh else "client_credentials",
    }
    if refresh:
        body["refresh_token"] = refresh
    return Answer(200, body)


def introspect(account: Account, call: Call) -> Answer:
    """Whether a token is good."""
    form = _form(call)
    _check_client(account, form)
    said = form.get("token", "")
    bearer = account.tokens.bearers.get(said)
    if bearer is None:
        return Answer(200, {"active": said in account.tokens.refresh})
    expired = bearer.expires_at is not None and bearer.expires_at <= call.now
    return Answer(200, {"active": not expired})


def revoke(account: Account, call: Call) -> Answer:
    """Take a grant back."""
    form = _form(call)
    _check_client(account, form)
    account.tokens.revoke(form.get("token", ""))
    return Answer(200, {})


def _form(call: Call) -> dict[str, str]:
    kind = call.headers.get("content-type", "")
    if not kind.startswith("application/x-www-form-urlencoded"):
        raise _bad("invalid_request", "BAD_REQUEST", "the form is expected in the body")
    parsed = parse_qs(call.body.decode("utf-8", "replace"))
    return {name: values[0] for name, values in parsed.items()}


def _check_client(account: Account, form: dict[str, str]) -> None:
    tokens = account.tokens
    if form.get("client_id") != tokens.client_id:
        raise _bad("invalid_client", "BAD_CLIENT_ID", "missing or unknown client id")
    if form.get("client_secret") != tokens.client_secret:
        raise _bad("invalid_client", "BAD_CLIENT_SECRET", "missing or invalid client secret")


def _bad(error: str, status: str, message: str) -> RefusedError:
    refusal = RefusedError(400, "VALIDATION_ERROR", message, error=error, error_description=message)
    refusal.body["status"] = status
    return refusal
