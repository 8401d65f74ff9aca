"""Records a second the HubSpot simulator takes: ``python -m tests.bench.hubspot_simulator``."""

import asyncio
import sys
import time

import httpx
import orjson

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app

BATCHES = 200
ROWS = 100
ADDRESS = ("name", "street", "city", "state", "country", "postal_code")


def bodies(batches: int) -> list[bytes]:
    """Batches of orders of some twenty properties, as a sync sends them."""
    return [
        orjson.dumps({"inputs": [_order(batch * ROWS + row) for row in range(ROWS)]})
        for batch in range(batches)
    ]


def _order(number: int) -> dict[str, object]:
    properties = {
        "hs_order_name": f"#{number}",
        "hs_external_order_id": str(number),
        "hs_source_store": "tea.myshopify.com",
        "hs_total_price": "10.50",
        "hs_subtotal_price": "9.50",
        "hs_tax": "1.00",
        "hs_currency_code": "USD",
        "hs_external_created_date": "2026-01-01T00:00:00Z",
        "hs_processed_date": "2026-01-01T00:00:00Z",
        **{f"hs_shipping_address_{each}": "some text" for each in ADDRESS},
    }
    return {
        "id": f"tea/{number}",
        "idProperty": "sync_key",
        "properties": properties,
        "objectWriteTraceId": str(number),
    }


async def rate(batches: int = BATCHES) -> float:
    """Records upserted per second, the client's own work included."""
    account = Account()
    account.quota.lifted = True
    headers = {"Authorization": f"Bearer {account.token}"}
    transport = httpx.ASGITransport(create_app(account))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://hubspot", headers=headers
    ) as http:
        key = {
            "name": "sync_key",
            "label": "Key",
            "type": "string",
            "fieldType": "text",
            "groupName": "order_information",
            "hasUniqueValue": True,
        }
        (await http.post("/crm/properties/2026-09/orders", json=key)).raise_for_status()
        prepared = bodies(batches)
        started = time.perf_counter()
        for body in prepared:
            answer = await http.post("/crm/objects/2026-09/orders/batch/upsert", content=body)
            answer.raise_for_status()
        return batches * ROWS / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(rate()):,.0f} records/s\n")
