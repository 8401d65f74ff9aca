"""The stage of an order, in the account's own pipeline."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.shared.contract.records import Value
from services.shared.hubspot.account import Pipeline, Stage
from services.syncer.mapping.rows import Context
from services.syncer.mapping.stages import DEFAULT_STAGES, stages_in
from tests.support.mapped_records import SHOP, written

_MOMENT = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cancelled", "fulfillment", "financial", "delivered", "stage"),
    [
        (_MOMENT, "fulfilled", "paid", True, "cancelled"),
        (None, "fulfilled", "pending", True, "delivered"),
        (None, "fulfilled", "paid", False, "shipped"),
        (None, "partial", "paid", False, "processed"),
        (None, None, "partially_refunded", True, "processed"),
        (None, None, "refunded", False, "processed"),
        (None, None, "partially_paid", False, "open"),
        (None, None, None, False, "open"),
    ],
)
def test_the_first_stage_rule_that_holds_wins(
    cancelled: Value, fulfillment: Value, financial: Value, delivered: Value, stage: str
) -> None:
    properties = written(
        "orders",
        {
            "cancelled_at": cancelled,
            "fulfillment_status": fulfillment,
            "financial_status": financial,
            "is_delivered": delivered,
        },
    )

    assert properties["hs_pipeline_stage"] == getattr(DEFAULT_STAGES, stage)
    assert properties["hs_pipeline"] == DEFAULT_STAGES.pipeline


def account_stages(*ids: str) -> Pipeline:
    stages = [Stage(id=each, label="Renamed", is_closed=False) for each in ids]
    return Pipeline(id=DEFAULT_STAGES.pipeline, label="Renamed", stages=stages)


def test_an_account_without_delivered_shows_the_delivered_as_shipped() -> None:
    found = stages_in([account_stages(DEFAULT_STAGES.open, DEFAULT_STAGES.shipped)])

    assert found.delivered == found.shipped == DEFAULT_STAGES.shipped
    assert found.processed == ""


def test_an_account_without_the_pipeline_gets_no_stage() -> None:
    other = Pipeline(
        id="1627093225",
        label="Order Pipeline",
        stages=[Stage(id=DEFAULT_STAGES.open, label="Open", is_closed=False)],
    )
    fields = dict.fromkeys(
        ("cancelled_at", "fulfillment_status", "financial_status", "is_delivered")
    )

    properties = written("orders", fields, Context(shop=SHOP, stages=stages_in([other])))

    assert not {"hs_pipeline", "hs_pipeline_stage"} & properties.keys()
