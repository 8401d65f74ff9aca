"""In which stage of the account's order pipeline an order stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from services.shared.contract.records import Value
from services.shared.hubspot.account import Pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The ids of the pipeline and of its stages; ``""`` is one the account does not have."""

    pipeline: str
    open: str
    processed: str
    shipped: str
    delivered: str
    cancelled: str


# Reported alike of unrelated accounts, and documented nowhere: a first guess, never more.
DEFAULT_STAGES: Final = Stages(
    pipeline="14a2e10e-5471-408a-906e-c51f3b04369e",
    open="4b27b500-f031-4927-9811-68a0b525cbae",
    processed="937ea84d-0a4f-4dcf-9028-3f9c2aafbf03",
    shipped="aa99e8d0-c1d5-4071-b915-d240bbb1aed9",
    delivered="3725360f-519b-4b18-a593-494d60a29c9f",
    cancelled="3c85a297-e9ce-400b-b42e-9f16853d69d6",
)
_PROCESSED: Final = frozenset({"paid", "partially_refunded", "refunded"})


def stages_in(pipelines: Sequence[Pipeline]) -> Stages:
    """The stages we write, as far as the account has them; what it lacks is ``""``.

    Labels are never looked at: anyone can rename them. An account with the four stages of
    HubSpot's article has no Delivered: what is delivered has been shipped.
    """
    wanted = DEFAULT_STAGES
    ids = {
        stage.id for each in pipelines if each.id == wanted.pipeline for stage in each.stages
    } | {each.id for each in pipelines}
    found = Stages(
        **{each.name: _if_there(getattr(wanted, each.name), ids) for each in fields(wanted)}
    )
    return replace(found, delivered=found.delivered or found.shipped)


def stage_of(
    stages: Stages, cancelled_at: Value, fulfillment: Value, financial: Value, is_delivered: Value
) -> str:
    """The stage's id; the first rule that holds wins, as with HubSpot's own app."""
    if cancelled_at:
        return stages.cancelled
    if fulfillment == "fulfilled":
        return stages.delivered if is_delivered is True else stages.shipped
    return stages.processed if financial in _PROCESSED else stages.open


def _if_there(wanted: str, ids: set[str]) -> str:
    return wanted if wanted in ids else ""
