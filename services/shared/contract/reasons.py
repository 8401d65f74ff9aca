"""The vocabulary of reasons: why a record, a batch or a store does not get on.

Our own reasons are words in lower case, HubSpot's codes words in capitals. HubSpot may send any
code; what is not listed here is ``other`` where the number of words must be bounded.
"""

from __future__ import annotations

OTHER = "other"
NETWORK = "network"
NETWORK_PREFIX = "network_"

_RULES = """
    no_email no_contact_information not_yet_abandoned completed archived_in_hubspot
    merged_into_another not_found_in_shopify unreadable_in_shopify deletion_unproved
"""
_WAITS = """
    busy claim_lost lease_lost changed_meanwhile contradictory_read referred_to next_in_line
    found_in_hubspot retried newer_format newer_settings merged_in_hubspot link_refused
    skus_unknown census may_come_late email_given_up customer_moved variant_unknown heard_late
"""
# Said of records that are in sync all the same.
_NOTES = "without_contact sku_not_unique"
_REFUSALS = """
    email_taken sku_taken ambiguous_lines internal_fault refused not_found conflict too_large
    too_long
"""
_WORLD = """
    rate_limited quota_spent locked account_migrating unavailable unexpected_status garbled_answer
    throttled undated_answer row_unanswered rows_unanswered pairs_unanswered links_truncated
    cursor_stands_still internal_error
    ledger_unavailable ledger_conflict log_full log_closed log_cannot_open log_group_taken_over
    log_partitions_not_owned store_frozen store_locked
"""
_OURS = """
    token_refused credentials_refused scope_missing access_denied account_suspended call_refused
    id_property_not_unique store_not_connected store_unknown store_gone paging_limit
    list_without_end query_too_costly bad_query bad_shop unknown_topic wrong_encryption_key
    no_encryption_key subscription_refused ledger_refuses
    ledger_damaged
"""
# https://developers.hubspot.com/docs/api-reference/error-handling, and what batches answer a row.
_HUBSPOT_CODES = """
    VALIDATION_ERROR INVALID_EMAIL INVALID_OPTION INVALID_INTEGER INVALID_LONG INVALID_NUMBER
    INVALID_DATE INVALID_STRING INVALID_PHONE_NUMBER PROPERTY_DOESNT_EXIST READ_ONLY_VALUE
    MISSING_REQUIRED_PROPERTY MISSING_CONDITIONAL_REQUIRED_PROPERTY OBJECT_NOT_FOUND
    OBJECT_ALREADY_EXISTS CONTACT_EXISTS DUPLICATE_UNIQUE_PROPERTY_VALUE CONFLICT TOO_LARGE
    TOO_LONG RATE_LIMITS MISSING_SCOPES
"""
_ALL = f"{_RULES} {_WAITS} {_NOTES} {_REFUSALS} {_WORLD} {_OURS} {_HUBSPOT_CODES} {OTHER} {NETWORK}"
KNOWN = frozenset(_ALL.split())
DEAD = (
    "absurd_id",
    "absurd_value",
    "bad_headers",
    "bad_key",
    "missing_id",
    "not_an_object",
    "not_json",
    "unknown_topic",
    "wrong_record",
    "wrong_shop",
)
"""Why an event cannot be applied by anybody, and becomes a dead letter."""


def bounded(reason: str) -> str:
    """``reason`` if it is known, ``network`` for every failure of the network, else ``other``."""
    if reason.startswith(NETWORK_PREFIX):
        return NETWORK
    return reason if reason in KNOWN else OTHER
