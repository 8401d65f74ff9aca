"""What stands in the way, in sentences that say what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from services.shared.contract.errors import SyncError

_CHECK = "`shopsync check` says what stands in the way, and what to do."
_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "wrong_encryption_key": "SHOPSYNC_ENCRYPTION_KEY does not open what is in the ledger. Give "
        "the key it was made with; to rotate, give both: NEW,OLD.",
        "no_encryption_key": "SHOPSYNC_ENCRYPTION_KEY is missing: what is sealed in the ledger "
        "opens only with the key that the processes have, from the environment or .env.",
        "address_taken": "Cannot listen on {detail}. Is shopsync running already? Otherwise choose "
        "another port: SHOPSYNC_INGEST_PORT, SHOPSYNC_INGEST_METRICS_PORT, "
        "SHOPSYNC_SYNCER_METRICS_PORT, SHOPSYNC_RECONCILER_METRICS_PORT.",
        "data_dir_not_writable": "Cannot write to the data directory {detail}. Let this user write "
        "there, or choose another: SHOPSYNC_DATA_DIR.",
        "token_refused": f"A token is refused by {{detail}}. {_CHECK}",
        "credentials_refused": f"A store refuses our credentials. {_CHECK}",
        "scope_missing": f"A token lacks a scope: {{detail}}. {_CHECK}",
        "access_denied": f"A store does not let us read: {{detail}}. {_CHECK}",
        "account_suspended": "The HubSpot account is suspended: nothing can be written to it.",
        "quota_spent": "HubSpot's calls of the day are used up. They begin anew at midnight in the "
        "account's time zone.",
        "ledger_is_newer": "The ledger was written by a newer version of shopsync. Install that "
        "version, or restore a backup.",
        "ledger_unavailable": "The ledger cannot be reached now: another process holds it, the "
        "disk is full, or the database is down.",
        "source_unavailable": "The ledger to carry over, {detail}, cannot be reached now: another "
        "process holds it, or its disk is full. Nothing was changed.",
        "target_unavailable": "The ledger to carry to, {detail}, cannot be reached: see that "
        "PostgreSQL runs there, that this machine may connect to it, and the address in --to. "
        "Nothing was changed.",
        "ledger_damaged": "The ledger is damaged: {detail}. Restore a backup; shopsync then scans "
        "again.",
        "log_damaged": "The log is damaged: {detail}. Restore a backup; shopsync then scans again.",
        "log_is_another_file": "{detail}. Choose another place: SHOPSYNC_LOG_URL.",
        "log_cannot_open": "The log cannot be opened: {detail}.",
        "log_unreachable": "Kafka does not answer ({detail}): see that it runs, that this machine "
        "may connect to it, and the address in SHOPSYNC_LOG_URL.",
        "log_not_authorized": "Kafka does not let us: a right is missing ({detail}). docs/kafka.md "
        "lists what each process needs.",
        "store_unknown": f"Shopify knows no such store. {_CHECK}",
        "store_frozen": "The store is frozen (unpaid or paused): it cannot be read now.",
    }
)


def sentence_of(error: SyncError) -> str:
    """``error`` for people; with its own words where there is no sentence for it."""
    return _sentence(error.reason, error.detail)


def sentences_of(errors: Iterable[SyncError]) -> str:
    """``errors`` for people, those of one kind together."""
    details: dict[str, list[str]] = {}
    for error in errors:
        details.setdefault(error.reason, []).append(error.detail)
    return "\n".join(
        _sentence(reason, ", ".join(filter(None, dict.fromkeys(some))))
        for reason, some in details.items()
    )


def _sentence(reason: str, detail: str) -> str:
    known = _SENTENCES.get(reason)
    if known is not None:
        return known.format(detail=detail or "no more is said")
    return f"{reason}: {detail}" if detail else reason
