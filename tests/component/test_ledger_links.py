"""What the ledger promises of links, targets and identities."""

from __future__ import annotations

import pytest

from services.shared.contract.keys import SourceKey
from services.shared.ledger import (
    identities,
    links,
    open_links,
    pairing,
    settlements,
    skus,
    targets,
    waits,
    windows,
)
from services.shared.ledger.engine import Ledger, Transaction
from services.shared.ledger.identities import Identity
from services.shared.ledger.links import Link
from services.shared.ledger.open_links import Ends
from services.shared.ledger.settlements import Settlement
from services.shared.ledger.sources import Status
from services.shared.ledger.stores import ACCOUNT, StoreCredentials, connect, put_account
from services.shared.ledger.targets import TargetRow
from services.shared.ledger.vault import Vault
from services.shared.ledger.windows import NewWindow, WindowState
from tests.support.ledgers import aged
from tests.support.virtual_time import START

SHOP = "acme.myshopify.com"
ORDER = SourceKey(SHOP, "orders", "1")
CART = SourceKey(SHOP, "checkouts", "2")
ANA = SourceKey(SHOP, "customers", "7")
BOB = SourceKey(SHOP, "customers", "8")


def link(to: SourceKey, from_: SourceKey = ORDER, parent: str | None = None) -> Link:
    return Link(
        shop=SHOP,
        from_kind=from_.kind,
        from_id=from_.id,
        to_kind=to.kind,
        to_id=to.id,
        to_parent_id=parent,
    )


async def want(tx: Transaction, *wanted: Link) -> None:
    """Let ``ORDER`` be linked to these, and to no other people."""
    await links.want_these(tx, wanted)
    await links.want_no_others(tx, [ORDER], wanted)


async def stand(tx: Transaction, key: SourceKey, target_id: str | None, status: str) -> None:
    settlement = Settlement(
        key=key, status=Status(status), target_id=target_id, is_acknowledged=True
    )
    await settlements.settle(tx, [settlement])


@pytest.mark.parametrize("last", [ORDER, ANA])
async def test_a_link_can_be_made_once_both_ends_are_there_whichever_came_last(
    ledger: Ledger, last: SourceKey
) -> None:
    first = ANA if last == ORDER else ORDER
    async with ledger.transaction() as tx:
        await want(tx, link(ANA))
        await stand(tx, first, "1", "in_sync")
        assert await open_links.at(tx, [first]) == []
        await stand(tx, last, "2", "in_sync")
        (found,) = await open_links.at(tx, [last])
        assert [found] == await open_links.anywhere(tx, 10)
        await open_links.done(tx, [(found.link, found.to_target or "")])

        assert found.ends is Ends.BOTH_THERE
        assert {found.from_target, found.to_target} == {"1", "2"}
        assert await open_links.anywhere(tx, 10) == []


@pytest.mark.parametrize("status", ["excluded", "deleted"])
async def test_a_link_to_an_end_that_is_out_is_dropped(ledger: Ledger, status: str) -> None:
    async with ledger.transaction() as tx:
        await want(tx, link(ANA))
        await stand(tx, ORDER, "1", "in_sync")
        await stand(tx, ANA, None, status)
        (found,) = await open_links.at(tx, [ANA])
        assert found.ends is Ends.DEAD
        await open_links.drop(tx, [found])

        assert await open_links.anywhere(tx, 10) == []


async def test_an_order_that_changes_hands_lets_go_of_the_one_before(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        for key, target in ((ORDER, "1"), (ANA, "2"), (BOB, "3")):
            await stand(tx, key, target, "in_sync")
        await want(tx, link(ANA))
        await open_links.done(tx, [(link(ANA), "2")])
        await want(tx, link(BOB))
        found = {each.link.to_id: each for each in await open_links.at(tx, [ORDER])}

        assert found["7"].ends is Ends.TO_BE_REMOVED
        assert found["7"].linked_to == "2"
        assert found["8"].ends is Ends.BOTH_THERE
        assert (ORDER, "2") not in await links.wanted_pairs(tx, [ORDER])


async def test_a_link_is_made_again_when_its_end_becomes_another_record(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await stand(tx, ORDER, "1", "in_sync")
        await stand(tx, ANA, "2", "in_sync")
        await want(tx, link(ANA))
        await open_links.done(tx, [(link(ANA), "2")])
        await links.moved(tx, {ANA: "2"})
        assert await open_links.anywhere(tx, 10) == []
        await stand(tx, ANA, "9", "in_sync")
        await links.moved(tx, {ANA: "9"})
        (found,) = await open_links.anywhere(tx, 10)

        assert (found.to_target, found.linked_to) == ("9", "2")


async def test_a_refused_link_rests_until_its_time(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await stand(tx, ORDER, "1", "in_sync")
        await stand(tx, ANA, "2", "in_sync")
        await want(tx, link(ANA))
        await open_links.put_off(tx, [link(ANA)], 60_000)
        assert await open_links.anywhere(tx, 10) == []
        await aged(tx, 61_000)

        assert len(await open_links.anywhere(tx, 10)) == 1


async def test_a_line_of_a_variant_its_product_no_longer_has_is_given_up(ledger: Ledger) -> None:
    line, variant = SourceKey(SHOP, "line_items", "3"), SourceKey(SHOP, "variants", "4")
    product = SourceKey(SHOP, "products", "5")
    async with ledger.transaction() as tx:
        await stand(tx, line, "1", "in_sync")
        await links.want_these(tx, [link(variant, line, parent="5")])
        assert await open_links.anywhere(tx, 10) == []
        await aged(tx, 200_000)
        await stand(tx, product, None, "in_sync")
        (found,) = await open_links.anywhere(tx, 10)

        assert found.ends is Ends.DEAD


@pytest.mark.parametrize("touched", [[CART], [ORDER], None])
async def test_a_cart_is_paired_with_the_order_its_checkout_became(
    ledger: Ledger, touched: list[SourceKey] | None
) -> None:
    token = f"{SHOP}/abc"
    async with ledger.transaction() as tx:
        await stand(tx, CART, "20", "in_sync")
        await stand(tx, ORDER, "10", "in_sync")
        await identities.record(
            tx,
            ACCOUNT,
            [
                Identity(kind=identities.CHECKOUT_TOKEN, value=token, source=CART),
                Identity(kind=identities.ORDER_OF_CHECKOUT, value=token, source=ORDER),
            ],
        )
        if touched is None:
            assert await pairing.pair_more_carts(tx, ACCOUNT, "") == token
        else:
            await pairing.pair_carts(tx, touched)
        (found,) = await open_links.anywhere(tx, 10)

        assert (found.link.from_kind, found.link.to_kind) == ("checkouts", "orders")
        assert (found.from_target, found.to_target) == ("20", "10")


async def test_all_carts_are_paired_piece_by_piece(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        for number in range(5):
            cart = SourceKey(SHOP, "checkouts", str(number))
            order = SourceKey(SHOP, "orders", str(number))
            await stand(tx, cart, f"2{number}", "in_sync")
            await stand(tx, order, f"1{number}", "in_sync")
            value = f"{SHOP}/{number}"
            ends = ((identities.CHECKOUT_TOKEN, cart), (identities.ORDER_OF_CHECKOUT, order))
            await identities.record(
                tx, ACCOUNT, [Identity(kind=k, value=value, source=end) for k, end in ends]
            )
        after: str | None = ""
        paired = []
        while after is not None:
            after = await pairing.pair_more_carts(tx, ACCOUNT, after, most=2)
            paired.append(len(await open_links.anywhere(tx, 10)))

        assert paired == [2, 4, 5, 5]


async def test_a_target_remembers_what_was_written_and_whose_it_was(ledger: Ledger) -> None:
    row = TargetRow(
        object_type="contacts", id="9", fingerprint=b"\x00\xff", winner=ANA, winner_updated_at=START
    )
    async with ledger.transaction() as tx:
        await targets.record(tx, ACCOUNT, [row])
        assert await targets.look(tx, ACCOUNT, [("contacts", "9"), ("orders", "9")]) == {
            ("contacts", "9"): row
        }
        assert await targets.look(tx, ACCOUNT + 1, [("contacts", "9")]) == {}
        await targets.forget(tx, ACCOUNT, [("contacts", "9")])

        assert await targets.look(tx, ACCOUNT, [("contacts", "9")]) == {}


async def test_a_contact_has_one_email_and_an_email_one_contact(ledger: Ledger) -> None:
    def email(value: str, target_id: str) -> Identity:
        return Identity(kind=identities.EMAIL, value=value, target_id=target_id)

    async with ledger.transaction() as tx:
        await identities.record(tx, ACCOUNT, [email("a@b.c", "1"), email("d@e.f", "2")])
        await identities.record(tx, ACCOUNT, [email("g@h.i", "1")])
        await identities.forget_others(tx, ACCOUNT, [email("g@h.i", "1")])
        wanted = [(identities.EMAIL, each) for each in ("a@b.c", "d@e.f", "g@h.i")]
        found = {
            value: each.target_id
            for (_, value), each in (await identities.look(tx, ACCOUNT, wanted)).items()
        }

    assert found == {"d@e.f": "2", "g@h.i": "1"}


async def test_a_sku_is_claimed_by_as_many_variants_as_have_it_now(ledger: Ledger) -> None:
    one, two = (SourceKey(SHOP, "variants", each) for each in "12")
    async with ledger.transaction() as tx:
        await skus.claim(tx, ACCOUNT, {one: "S-1", two: "S-1"})
        both = await skus.claimants(tx, ACCOUNT, ["S-1", "S-2"])
        await skus.claim(tx, ACCOUNT, {two: "S-2"})
        moved = await skus.claimants(tx, ACCOUNT, ["S-1", "S-2"])
        await skus.release(tx, ACCOUNT, [one])
        await skus.claim(tx, ACCOUNT, {two: ""})
        none = await skus.claimants(tx, ACCOUNT, ["S-1", "S-2"])

    assert (both, moved, none) == ({"S-1": 2}, {"S-1": 1, "S-2": 1}, {})


async def test_skus_are_known_when_every_active_store_was_read(ledger: Ledger) -> None:
    vault = Vault(["a passphrase"])
    credentials = StoreCredentials(client_id="id", client_secret="secret")
    async with ledger.transaction() as tx:
        await put_account(tx, vault, "token")
        await connect(tx, vault, SHOP, credentials)
        assert await skus.unseen_stores(tx) == [SHOP]
        assert not await skus.are_all_claimed(tx)
        new = NewWindow(
            shop=SHOP, kind="products", mode="scan", since=None, started_at=START, owner="one"
        )
        window = await windows.begin(tx, new)
        await windows.end(tx, window, WindowState.COMPLETE, read_=0, appended=0)
        assert await skus.unseen_stores(tx) == []
        await skus.all_claimed(tx)
        assert await skus.are_all_claimed(tx)
        await connect(tx, vault, "new.myshopify.com", credentials)

        assert not await skus.are_all_claimed(tx)
        assert await skus.unseen_stores(tx) == ["new.myshopify.com"]


async def test_referring_does_not_wake_what_is_settled(ledger: Ledger) -> None:
    async with ledger.transaction() as tx:
        await stand(tx, ANA, "2", "in_sync")
        await waits.refer(tx, {ANA: 0})

        assert await open_links.anywhere(tx, 10) == []
