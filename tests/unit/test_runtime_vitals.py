"""Life signs and the port that tells of them."""

import httpx
from prometheus_client import CollectorRegistry

from services.shared.runtime.probes import probes_app
from services.shared.runtime.vitals import Vitals


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_loop_that_falls_silent_is_stalled_and_its_next_beat_ends_that() -> None:
    clock = Clock()
    vitals = Vitals(clock)
    pulse = vitals.pulse("due orders", 60)
    pulse.beat()
    clock.now += 60
    assert vitals.stalled() == {}

    clock.now += 1
    pulse.suffer("ledger_unavailable")
    (stall,) = vitals.stalled().values()
    assert (stall.seconds, stall.trouble) == (61, "ledger_unavailable")

    pulse.beat()
    assert vitals.stalled() == {}


def test_what_has_nothing_to_do_is_never_stalled() -> None:
    clock = Clock()
    vitals = Vitals(clock)
    vitals.pulse("batch shopify.orders", 60)
    clock.now += 1000
    assert vitals.stalled() == {}
    vitals.pulse("batch shopify.orders", 60).begin()
    vitals.pulse("batch shopify.orders", 60).rest()
    clock.now += 1000
    assert vitals.stalled() == {}


def test_a_batch_begun_again_and_again_without_an_end_is_stalled() -> None:
    clock = Clock()
    vitals = Vitals(clock)
    for _ in range(10):
        vitals.pulse("batch shopify.orders", 60).begin()
        clock.now += 10
    assert [*vitals.stalled()] == ["batch shopify.orders"]


async def test_a_stall_is_not_ready_and_said_in_short_while_the_process_stays_alive() -> None:
    clock = Clock()
    vitals = Vitals(clock)
    app = probes_app(CollectorRegistry(), vitals)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://syncer.test"
    ) as http:
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()) == (200, {"ready": True, "stalled": {}})

        vitals.pulse("scan acme.myshopify.com", 60).begin()
        vitals.pulse("scan acme.myshopify.com", 60).suffer("throttled")
        clock.now += 75
        stalled = await http.get("/readyz")

        assert stalled.status_code == 503
        assert stalled.json() == {
            "ready": False,
            "stalled": {"scan acme.myshopify.com": {"seconds": 75, "trouble": "throttled"}},
        }
        assert (await http.get("/healthz")).json() == {"alive": True}
        assert (await http.get("/metrics")).status_code == 200
