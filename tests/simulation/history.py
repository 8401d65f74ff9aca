"""One random history: shop life with faults and crashes, and what HubSpot shows in the end."""

import asyncio
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from sandbox.hubspot.account import Account
from sandbox.hubspot.app import create_app as create_hubspot
from sandbox.hubspot.faults import Fault
from sandbox.shopify import given
from sandbox.shopify.app import create_app as create_shopify
from sandbox.shopify.delivery import Deliveries
from sandbox.shopify.shopify import Shopify
from sandbox.shops.stores import COPPER, NORDLYS
from sandbox.shops.trickle import trickle
from tests.simulation import weather as weathers
from tests.simulation.judging import differences, disorder, judged, left_to_do, unheard
from tests.simulation.people import Doings, meddle, share, wake
from tests.simulation.product import ABANDONED_AFTER, Product
from tests.simulation.shopkeepers import keep_shop
from tests.simulation.weather import Weather, weather_of
from tests.simulation.wires import Doorbell
from tests.support.ledger_file import empty_ledger
from tests.support.life import track_tasks
from tests.support.product_parts import LEDGER, Outside, credentials_of
from tests.support.subscribed import TOPICS
from tests.support.virtual_time import in_virtual_time, virtual_now

# Nothing dated shows these: only a webhook tells, and a dropped one is a later sweep's to find.
UNDATED = frozenset(
    {"customer tagged", "order deleted", "customer deleted", "product discontinued"}
)
# The promise: with every webhook lost, HubSpot is right within ten minutes all the same.
FRESH_SECONDS = 600.0
_MEMORY = Path("/dev/shm")
_ALL_DELIVERIES = 100_000


@dataclass(slots=True, kw_only=True)
class Story:
    """What happened and what came of it; ``took_seconds`` from the end of trouble, in its time."""

    seed: int
    weather: Weather
    events: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    took_seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether all is as it must be."""
        return not self.wrong

    def note(self, event: str) -> None:
        """Add to the trace."""
        self.events.append(f"{asyncio.get_running_loop().time():.3f} {event}")


def lived(seed: int, weather: Weather | None = None, faults: Sequence[Fault] = ()) -> Story:
    """The history of ``seed``, from its beginning until all is settled.

    ``weather`` instead of the one the seed decides; ``faults`` of HubSpot from the beginning.
    """
    random.seed(seed)
    rng = random.Random(seed)
    story = Story(seed=seed, weather=weather or weather_of(rng))
    memory = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        (Path(folder) / LEDGER).write_bytes(empty_ledger())
        in_virtual_time(_played(story, rng, Path(folder), faults))
    return story


async def _played(story: Story, rng: random.Random, folder: Path, faults: Sequence[Fault]) -> None:
    stage = _Stage(story, rng, folder)
    stage.hubspot.faults.extend(faults)
    await stage.play()


class _Stage:
    """Everything a history plays on."""

    def __init__(self, story: Story, rng: random.Random, folder: Path) -> None:
        self._story = story
        self._rng = rng
        self._folder = folder
        self.hubspot = Account(now=virtual_now, sleep=asyncio.sleep, seed=story.seed)
        self._shopify = Shopify(now=virtual_now, sleep=asyncio.sleep, seed=story.seed)
        self._door = Doorbell(story.note)
        self._doings = Doings()
        self._product: Product | None = None
        self._lives = 0

    async def play(self) -> None:
        """Live the history and judge it."""
        track_tasks()
        self._set()
        async with Deliveries(
            self._shopify, transport=self._door, remembered=_ALL_DELIVERIES
        ) as deliveries:
            for shop in self._shopify.stores:
                deliveries.declare(shop, "https://sync.test/webhooks/shopify", TOPICS)
            deliveries.faults.update(self._story.weather.deliveries)
            product = self._born()
            for act in self._story.weather.acts:
                await asyncio.sleep(self._rng.uniform(0, self._story.weather.every_seconds))
                product = await self._act(act, product)
            await self._calm(deliveries)
            await self._settle(product, deliveries)
            await product.kill()

    def _set(self) -> None:
        self.hubspot.switches.set(self._story.weather.switches)
        for plan in (NORDLYS, COPPER):
            store = self._shopify.open_store(plan.shop, **plan.settings)
            store.index_lag = self._story.weather.index_lag
            for _ in range(2):
                given.customer(store)
                given.product(store, variants=self._rng.randint(1, 3))

    def _born(self) -> Product:
        self._lives += 1
        outside = Outside(
            shopify=httpx.ASGITransport(app=create_shopify(self._shopify)),
            hubspot=httpx.ASGITransport(app=create_hubspot(self.hubspot)),
            token=lambda: self.hubspot.token,
            stores=credentials_of(self._shopify),
            now=virtual_now,
            abandoned_after=ABANDONED_AFTER,
        )
        product = Product(
            outside=outside,
            folder=self._folder,
            door=self._door,
            note=self._story.note,
            name=f"life-{self._lives}",
        )
        product.start()
        return product

    async def _act(self, act: str, product: Product) -> Product:
        rng, note = self._rng, self._story.note
        match act:
            case weathers.CHANGE if rng.random() < 0.1:
                note(share(rng, self._shopify))
            case weathers.CHANGE:
                happening = trickle(self._shopify, rng, self._deeds())
                note(f"{happening.deed} {happening.shop} {happening.id}")
            case weathers.HUBSPOT_FAULT:
                self.hubspot.faults.append(weathers.hubspot_fault(rng))
                note(str(self.hubspot.faults[-1]))
            case weathers.SHOPIFY_FAULT:
                fault = weathers.shopify_fault(rng)
                self._shopify.faults.update(fault)
                note(str(fault))
            case weathers.PEOPLE:
                note(meddle(rng, self.hubspot, self._doings))
            case weathers.KEEPING:
                lost = self._story.weather.drops
                note(keep_shop(rng, self._shopify, are_webhooks_lost=lost))
            case weathers.KILL:
                return await self._killed(product)
        return product

    async def _killed(self, product: Product) -> Product:
        await product.life.doomed(self._rng.randint(1, 400), seconds=120)
        self._story.note(f"killed at step {product.life.steps}")
        await product.kill()
        await asyncio.sleep(self._rng.choice((0.0, 1.0, 90.0)))
        born = self._born()
        born.bugs += product.bugs
        return born

    def _deeds(self) -> dict[str, int]:
        weather = self._story.weather
        is_seen = {name: not (weather.drops and name in UNDATED) for name in weather.weights}
        return {name: n for name, n in weather.weights.items() if is_seen[name]}

    async def _calm(self, deliveries: Deliveries) -> None:
        """The trouble ends; what is on its way arrives."""
        self.hubspot.faults.clear()
        self._shopify.faults.update({"status": 0, "throttled": False, "slow_seconds": 0.0})
        deliveries.faults.update({"drop": 0, "delay": 0, "reorder_seconds": 0, "burst_seconds": 0})
        self._story.note("calm")
        wake(self._shopify, self.hubspot, self._doings)

    async def _settle(self, product: Product, deliveries: Deliveries) -> None:
        """Wait until all is right, for as long as was promised; else say what is not."""
        began = asyncio.get_running_loop().time()
        wrong = ["nothing looked at"]
        while wrong and self._story.took_seconds < FRESH_SECONDS:
            await asyncio.sleep(20)
            self._story.took_seconds = asyncio.get_running_loop().time() - began
            verdict = judged(self._shopify, self.hubspot)
            wrong = await left_to_do(product, verdict.kept_apart)
            wrong += map(str, differences(verdict, self._shopify, self.hubspot, self._doings))
            wrong += await disorder(product, self._shopify, self.hubspot)
            wrong += unheard(deliveries.recent, self.hubspot, self._doings)
        self._story.wrong = wrong
