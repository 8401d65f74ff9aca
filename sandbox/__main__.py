"""``python -m sandbox``: the simulators of Shopify and HubSpot on the loopback, in one process.

When both answer, one line of JSON says where they are and how to get in. SIGTERM and SIGINT end
them in order, and so does, if asked for, the end of the process that started them, however it ends.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

import orjson

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.serving import Trickle, served
from sandbox.shopify.app import create_app as create_shopify
from sandbox.shopify.delivery import Deliveries
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.storefront import storefront_routes
from sandbox.shops.past import open_shops
from sandbox.shops.stores import COPPER, NORDLYS

_LOOK_AT_PARENT_SECONDS = 0.5


def parsed(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("which", nargs="?", choices=("both", "shopify", "hubspot"), default="both")
    parser.add_argument("--shopify-port", type=int, default=0, help="0 is any free one")
    parser.add_argument("--hubspot-port", type=int, default=0, help="0 is any free one")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same data")
    parser.add_argument("--empty", action="store_true", help="two stores with nothing in them")
    parser.add_argument(
        "--trickle", type=float, default=0.0, metavar="RATE", help="changes a second"
    )
    parser.add_argument(
        "--with-parent",
        type=int,
        metavar="PID",
        help="end when this process does, which started it",
    )
    return parser.parse_args(argv)


def stores_of(shopify: Shopify, seed: int, *, empty: bool) -> list[dict[str, str]]:
    """Open the two stores and describe them as an app must know them."""
    if empty:
        for plan in (NORDLYS, COPPER):
            shopify.open_store(plan.shop, **plan.settings)
    else:
        open_shops(shopify, seed)
    return [
        {"shop": each.shop, "client_id": each.client_id, "client_secret": each.client_secret}
        for each in shopify.stores.values()
    ]


async def run(asked: argparse.Namespace) -> None:
    """Serve what was asked for until a signal comes.

    Raises:
        OSError: a port is taken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    ready: dict[str, Any] = {}
    async with AsyncExitStack() as stack:
        if asked.which != "shopify":
            ready |= await _open_hubspot(stack, asked)
        if asked.which != "hubspot":
            ready |= await _open_shopify(stack, asked)
        sys.stdout.write(orjson.dumps(ready).decode() + "\n")
        sys.stdout.flush()
        if asked.with_parent is not None:
            # Its number is given: who asks only now may be somebody else's child already.
            orphaned = asyncio.create_task(
                _stop_when_orphaned(asked.with_parent, stop), name="parent"
            )
            stack.callback(orphaned.cancel)
        await stop.wait()


async def _stop_when_orphaned(parent: int, stop: asyncio.Event) -> None:
    """Nobody tells a process that its parent was killed: it is somebody else's child then."""
    while os.getppid() == parent:  # noqa: ASYNC110 - the kernel tells us by this only
        await asyncio.sleep(_LOOK_AT_PARENT_SECONDS)
    stop.set()


async def _open_hubspot(stack: AsyncExitStack, asked: argparse.Namespace) -> dict[str, Any]:
    account = Account(seed=asked.seed)
    url = await stack.enter_async_context(served(create_hubspot(account), asked.hubspot_port))
    return {"hubspot_url": url, "hubspot_token": account.token}


async def _open_shopify(stack: AsyncExitStack, asked: argparse.Namespace) -> dict[str, Any]:
    shopify = Shopify(seed=asked.seed)
    stores = stores_of(shopify, asked.seed, empty=asked.empty)
    deliveries = await stack.enter_async_context(Deliveries(shopify))
    trickle = Trickle(shopify, asked.seed, asked.trickle)
    routes = [*storefront_routes(shopify, deliveries), trickle.route()]
    app = create_shopify(shopify, routes, {"delivery": deliveries.faults})
    url = await stack.enter_async_context(served(app, asked.shopify_port))
    running = asyncio.create_task(trickle.run(), name="trickle")
    stack.callback(running.cancel)
    return {"shopify_url": url, "stores": stores}


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until a signal comes."""
    try:
        asyncio.run(run(parsed(argv)))
    except OSError as problem:
        sys.exit(f"the simulators cannot start: {problem.strerror or problem}")


if __name__ == "__main__":
    main()
