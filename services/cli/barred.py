"""Why stores are not scanned, by what the reconciler met, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from services.cli.findings import Finding, note, ours
from services.shared.contract.reasons import NETWORK_PREFIX
from services.shared.ledger.causes import EVERY_STORE, NewCause
from services.shared.ledger.troubles import Trouble

_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "token_refused": "Shopify refuses its token",
        "credentials_refused": "Shopify refuses its client ID and secret",
        "access_denied": "Shopify does not let us read it",
        "store_unknown": "Shopify knows no such shop",
        "store_frozen": "the shop is unpaid or paused, and Shopify lets nobody read it",
        "store_locked": "Shopify has locked the shop",
        "throttled": "Shopify lets us read no more for now",
        "unavailable": "Shopify does not answer as it should",
        "log_full": "the log takes nothing more",
    }
)
_CHECK = "shopsync check says what stands in the way."
_INSTALL = (
    "See that the app is installed in this shop (it may have been uninstalled)"
    " and that the settings have what its page in Shopify's Dev Dashboard shows ({setting});"
    " then restart. "
)
_TO_DO: Mapping[str, str] = MappingProxyType(
    {
        "token_refused": _INSTALL.format(setting="SHOPSYNC_ADMIN_TOKEN") + _CHECK,
        "credentials_refused": _INSTALL.format(
            setting="SHOPSYNC_CLIENT_ID and SHOPSYNC_CLIENT_SECRET, or SHOPSYNC_STORES"
        )
        + _CHECK,
        "scope_missing": f"Grant the app the scopes it lacks. {_CHECK}",
        "access_denied": f"Grant the app the scopes it lacks. {_CHECK}",
        "store_unknown": "Correct SHOPSYNC_SHOP (or SHOPSYNC_STORES): the full host, "
        "acme.myshopify.com; then restart.",
        "store_frozen": "The shop's owner puts that right with Shopify; then it goes on by itself.",
        "store_locked": "The shop's owner puts that right with Shopify; then it goes on by itself.",
        "log_full": "See “The disk, or the log, is full” in the runbook.",
    }
)
_BY_ITSELF = (
    "It is tried again with every scan. If it stays, look at Shopify's status page and at your "
    "network."
)


_OF_HUBSPOT: Mapping[str, str] = MappingProxyType(
    {
        "token_refused": "Make a new key in HubSpot (Development > Keys > Service keys), put it in"
        " SHOPSYNC_HUBSPOT_TOKEN, and restart.",
        "scope_missing": "Give HubSpot's key the scopes that shopsync check names.",
        "account_suspended": "The account is not paid for: whoever owns it settles that with"
        " HubSpot.",
        "quota_spent": "It goes on at the account's midnight. Look for other apps that use the"
        " day's calls.",
    }
)
_WAITS_ITSELF = "It is asked again every half minute, and goes on by itself."


def remedy_for(cause: NewCause) -> str:
    """What to do about what many records wait for; a cause of no store is HubSpot's."""
    if cause.shop == EVERY_STORE:
        return _OF_HUBSPOT.get(cause.reason, _WAITS_ITSELF)
    return _TO_DO.get(cause.reason, _WAITS_ITSELF)


def barred(met: Sequence[Trouble], patience_seconds: float) -> Iterator[Finding]:
    """What stands in the way of one store; what all of its objects suffer, once.

    What may be over by itself needs a person after ``patience_seconds``.
    """
    said: dict[tuple[str, str], list[Trouble]] = {}
    for each in met:
        said.setdefault((each.reason, each.detail), []).append(each)
    for some in said.values():
        oldest = min(some, key=lambda each: each.since)
        kinds = ", ".join(each.kind for each in some if each.kind)
        needs_person = oldest.is_ours or oldest.age_seconds > patience_seconds
        say = ours if needs_person else note
        yield say(f"{oldest.shop} {kinds}".rstrip(), _problem(oldest), _to_do(oldest))


def _problem(trouble: Trouble) -> str:
    plain = _PLAIN.get(trouble.reason)
    if trouble.reason.startswith(NETWORK_PREFIX):
        plain = "Shopify cannot be reached"
    plain = plain or "it cannot be scanned"
    says_more = trouble.detail and trouble.detail not in plain
    code = f"{trouble.reason}: {trouble.detail}" if says_more else trouble.reason
    why = f"{plain} ({code})"
    return f"{why}, since {trouble.since:%Y-%m-%d %H:%M} UTC"


def _to_do(trouble: Trouble) -> str:
    return _TO_DO.get(trouble.reason, _CHECK if trouble.is_ours else _BY_ITSELF)
