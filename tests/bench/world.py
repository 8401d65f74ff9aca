"""The simulators with one store in them, and orders of it that are still to be delivered.

``python -m tests.bench.world FILE COUNT`` writes ``COUNT`` order bodies to ``FILE``, one a line,
serves both simulators, says in one line of JSON where they are, and ends by SIGTERM.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.serving import served
from sandbox.shopify.app import create_app as create_shopify
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from tests.bench.shop_events import open_shop, order_bodies_of, order_copies


def main(file: Path, count: int) -> None:
    """Write the bodies, then serve until a signal comes."""
    shopify = Shopify(seed=1)
    store = open_shop(shopify)
    file.write_bytes(b"\n".join(itertools.islice(order_copies(order_bodies_of(store)), count)))
    asyncio.run(serve(shopify, store))


async def serve(shopify: Shopify, store: Store) -> None:
    """Serve until a signal comes."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    account = Account(seed=1)
    async with AsyncExitStack() as stack:
        ready = {
            "hubspot_url": await stack.enter_async_context(served(create_hubspot(account))),
            "hubspot_token": account.token,
            "shopify_url": await stack.enter_async_context(served(create_shopify(shopify))),
            "stores": [
                {
                    "shop": store.shop,
                    "client_id": store.client_id,
                    "client_secret": store.client_secret,
                }
            ],
        }
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
