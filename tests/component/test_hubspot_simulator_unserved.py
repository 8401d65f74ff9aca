"""What the simulator does not serve: refused loudly, never answered with a guess."""

from typing import Any

import pytest

from sandbox.hubspot.catalogue import DEFAULT_PIPELINE
from tests.support.hubspot_account import HubSpotUnderTest

NEW = "/crm/objects/2026-09"


@pytest.mark.parametrize(
    "path",
    ["/crm/v3/objects/deals", "/crm/objects/2025-09/orders", "/crm/v3/lists", "/cms/v3/pages"],
)
async def test_what_is_not_served_is_refused_loudly_and_counted(
    hubspot: HubSpotUnderTest, path: str
) -> None:
    refused = await hubspot.http.get(path)
    assert refused.status_code == 501
    assert "does not serve" in refused.json()["message"]
    unserved = (await hubspot.http.get("/_sandbox/calls")).json()["unserved"]
    assert sum(unserved.values()) == 1


@pytest.mark.parametrize(
    ("path", "query"),
    [
        (f"{NEW}/products", "propertiesWithHistory"),
        ("/crm/properties/2026-09/orders", "locale"),
        ("/crm/properties/2026-09/orders/hs_tags", "dataSensitivity"),
        ("/settings/currencies/2026-09/exchange-rates", "fromCurrencyCode"),
    ],
)
async def test_a_query_that_would_be_passed_over_is_not_served(
    hubspot: HubSpotUnderTest, path: str, query: str
) -> None:
    assert (await hubspot.http.get(path)).status_code == 200
    refused = await hubspot.http.get(path, params={query: "x"})
    assert refused.status_code == 501
    assert query in refused.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "POST",
            f"{NEW}/products/batch/read",
            {"inputs": [{"id": "1"}], "propertiesWithHistory": ["name"]},
        ),
        (
            "POST",
            "/crm/properties/2026-09/orders/batch/read",
            {"inputs": [{"name": "hs_tags"}], "dataSensitivity": "sensitive"},
        ),
        ("PATCH", f"/crm/pipelines/2026-09/orders/{DEFAULT_PIPELINE}", {"archived": True}),
        ("POST", f"{NEW}/products/merge", {"primaryObjectId": "1", "objectIdToMerge": "2"}),
    ],
)
async def test_a_wish_that_would_be_passed_over_is_not_served(
    hubspot: HubSpotUnderTest, method: str, path: str, body: dict[str, Any]
) -> None:
    refused = await hubspot.http.request(method, path, json=body)
    assert refused.status_code == 501
    assert "does not serve" in refused.json()["message"]


async def test_history_is_not_served(hubspot: HubSpotUnderTest) -> None:
    query = {"propertiesWithHistory": "name"}
    product = await hubspot.made("products", name="x")
    answer = await hubspot.http.get(f"{NEW}/products/{product}", params=query)
    assert answer.status_code == 501
