"""Whatever is sent, the simulator answers as HubSpot would refuse it; it never breaks."""

import asyncio
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.hubspot_account import hubspot_under_test

NEW = "/crm/objects/2026-09"
CALLS = [
    ("POST", f"{NEW}/orders"),
    ("PATCH", f"{NEW}/orders/1"),
    *(
        ("POST", f"{NEW}/orders/{each}")
        for each in ("search", "merge", *(f"batch/{verb}" for verb in (
            "create", "read", "update", "upsert", "archive")))
    ),
    ("POST", f"{NEW}/contacts/gdpr-delete"),
    ("POST", "/crm/properties/2026-09/orders"),
    ("PATCH", "/crm/properties/2026-09/orders/custom"),
    ("POST", "/crm/properties/2026-09/orders/groups"),
    ("POST", "/crm/properties/2026-09/orders/batch/read"),
    ("POST", "/crm/pipelines/2026-09/orders"),
    ("PUT", f"{NEW}/orders/1/associations/contacts/1"),
    *(
        ("POST", f"/crm/v4/associations/orders/contacts/{each}")
        for each in ("batch/create", "batch/read", "batch/archive", "batch/labels/archive",
                     "batch/associate/default", "labels")
    ),
]  # fmt: skip
WORDS = st.sampled_from([
    "id", "idProperty", "properties", "inputs", "associations", "to", "from", "types", "name",
    "associationTypeId", "label", "type", "fieldType", "groupName", "options", "stages", "metadata",
    "displayOrder", "filterGroups", "filters", "sorts", "limit", "after", "query", "propertyName",
    "operator", "value", "values", "hs_tags", "hs_total_price", "objectId", "primaryObjectId",
    "objectIdToMerge", "objectWriteTraceId", "orders", "string", "text", "order_information",
])  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers(-9, 999) | st.floats(allow_nan=False) | WORDS
VALUES = st.recursive(
    LEAVES | st.text(max_size=8),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(WORDS, each, max_size=5),
    max_leaves=25,
)
BODIES = (
    VALUES.map(orjson.dumps)
    | st.fixed_dictionaries(
        {"inputs": st.lists(st.dictionaries(WORDS, VALUES, max_size=5), min_size=1, max_size=3)}
    ).map(orjson.dumps)
    | st.binary(max_size=20)
)


async def answered(method: str, path: str, body: bytes) -> tuple[int, Any]:
    async with hubspot_under_test() as hubspot:
        answer = await hubspot.http.request(method, path, content=body)
        return answer.status_code, answer.json() if answer.content else None


@settings(max_examples=300, deadline=None)
@given(call=st.sampled_from(CALLS), body=BODIES)
def test_any_body_gets_an_answer(call: tuple[str, str], body: bytes) -> None:
    status, said = asyncio.run(answered(*call, body))
    assert status < 500 or status == 501
    assert status < 400 or said["correlationId"]


@pytest.mark.parametrize("said", ["yes", "1", "null"])
async def test_a_flag_that_is_neither_true_nor_false_is_refused(said: str) -> None:
    async with hubspot_under_test() as hubspot:
        answer = await hubspot.http.get(f"{NEW}/orders", params={"archived": said})

    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")
