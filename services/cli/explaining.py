"""Why a record is not in HubSpot, or not as one expects, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.shared.ledger.reporting import Standing, Story
from services.shared.ledger.sources import Status

_PERSONS = frozenset({"customers", "guests"})
_EXCLUDED: Mapping[str, str] = MappingProxyType(
    {
        "no_email": "HubSpot finds contacts by email, and this customer has none. The contact comes"
        " as soon as Shopify has one.",
        "no_contact_information": "A checkout becomes a cart once it has an email or a phone; this"
        " one has neither.",
        "not_yet_abandoned": "The checkout is too fresh to be an abandoned cart. It is looked at"
        " again when it is due (SHOPSYNC_ABANDONED_AFTER).",
        "completed": "The checkout was completed: look for its order instead.",
        "archived_in_hubspot": "Somebody archived it in HubSpot, so it is left alone. To have it"
        " back, restore it there, then: shopsync records retry {key}",
        "merged_into_another": "Somebody merged its record in HubSpot with another's, and the one"
        " that is left shows that (HubSpot's id, and whose it is: {detail}). To try for one of its"
        " own: shopsync records retry {key}",
        "unreadable_in_shopify": "Shopify does not show it to this app: it may be older than 60"
        " days, which needs the scope read_all_orders.",
        "deletion_unproved": "Shopify said it was deleted, which this app cannot see: orders of"
        " more than 60 days need the scope read_all_orders. HubSpot keeps it as it was. Grant the"
        " scope: then it is looked at again by itself, or by shopsync records retry {key}",
        "not_found_in_shopify": "Shopify has no such record any more.",
    }
)
_NOTED: Mapping[str, str] = MappingProxyType(
    {
        "sku_not_unique": "Another HubSpot product has the same SKU. Which of them is meant cannot"
        " be told, so this one has a record of its own.",
    }
)
_FAILING: Mapping[str, str] = MappingProxyType(
    {
        "email_taken": "Another contact in HubSpot holds this email (ids: {detail}); everything but"
        " the email is written. Merge the two in HubSpot, then: shopsync records retry {key}",
        "sku_taken": "HubSpot wants SKUs to be unique, and another product has this one ({detail})."
        " Change one of the two, in HubSpot or in Shopify.",
        "ambiguous_lines": "The order stood in HubSpot before, with line items that cannot be told"
        " apart. Remove them there, then: shopsync records retry {key}",
        "internal_fault": "Our own code failed on it ({detail}). Please report that; nothing is"
        " lost, and a later version tries again: shopsync records retry {key}",
    }
)
_REFUSED = (
    "HubSpot refuses it: {reason} ({detail}). It is tried again when it changes in Shopify; once"
    " the cause is gone: shopsync records retry {key}"
)
_WAITING: Mapping[str, str] = MappingProxyType(
    {
        "referred_to": "Something refers to it, so it is about to be read from Shopify.",
        "contradictory_read": "Shopify showed an older state than we have; it is read again.",
        "skus_unknown": "A HubSpot product has its SKU. Whether it is meant can be told once every"
        " store's products have been read.",
        "census": "HubSpot may have it already: its last answer never came. It is looked for among"
        " all of its kind before it is made again.",
        "link_refused": "HubSpot refused to link it: it may have been archived there, which writing"
        " it shows.",
        "customer_moved": "Its customer was merged with another, or lost or got an email, so"
        " Shopify is asked whose it is.",
        "email_given_up": "The contact that held its email has another now, so it is tried again.",
        "variant_unknown": "An order has a variant that nobody has seen; whether the product has it"
        " is asked.",
        "quota_spent": "HubSpot's calls of the day are used up, by all apps of the account. It goes"
        " on at the account's midnight, or when the limit is raised.",
        "rate_limited": "HubSpot asked us to wait: its calls per ten seconds were used up, by us or"
        " other apps of the account. It goes on by itself.",
        "store_frozen": "The store is frozen (unpaid or paused) and cannot be read.",
        "token_refused": "The store's token is refused: shopsync check",
        "access_denied": "The store does not let us read it: shopsync check",
        "may_come_late": "It is deleted, but a call that was to create it in HubSpot may be carried"
        " out yet; it is looked for once more.",
        "retried": "It was asked to be tried again.",
    }
)
_WAITS = "It waits to be worked on ({reason}), and is looked at again by itself."


def why(standing: Standing) -> str:
    """Why a record stands where it stands; empty if it is in sync and nothing is odd about it."""
    facts = {
        "key": standing.key,
        "reason": standing.reason or "no reason given",
        "detail": standing.detail or "no more is said",
    }
    match standing.status:
        case Status.IN_SYNC:
            said = _NOTED.get(standing.reason, "")
        case Status.DELETED:
            return "It was deleted in Shopify, so it is archived in HubSpot (contacts stay)."
        case Status.EXCLUDED:
            said = _EXCLUDED.get(standing.reason, "A rule keeps it out: {reason}.")
        case Status.FAILING:
            said = _FAILING.get(standing.reason, _REFUSED)
        case Status.WAITING:
            said = _WAITING.get(standing.reason, _WAITS)
    return said.format(**facts)


def remarks(story: Story) -> list[str]:
    """All there is to say about a record, its parts and its links."""
    said = [why(story.standing)]
    parts = [each for each in story.parts if each.status is Status.FAILING]
    said += [f"Its part {each.key.kind}/{each.key.id}: {why(each)}" for each in parts]
    said += [_about_contact(story), _about_links(story)]
    return [each for each in said if each]


def _about_contact(story: Story) -> str:
    key = story.standing.key
    is_there = story.standing.target_id and key.kind in ("orders", "checkouts")
    if not is_there or any(each.to_kind in _PERSONS for each in story.links):
        return ""
    return "It has no contact in HubSpot: neither it nor its customer has an email."


def _about_links(story: Story) -> str:
    own = (story.standing.key.kind, story.standing.key.id)
    pending = [
        f"{each.to_kind}/{each.to_id}"
        for each in story.links
        if each.state == "pending" and (each.from_kind, each.from_id) == own
    ]
    if not pending:
        return ""
    return f"It is still to be linked with {', '.join(pending)}, once that is in HubSpot."
