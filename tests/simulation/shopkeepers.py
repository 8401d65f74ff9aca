"""What people in the shops do more seldom than customers buy: take out, hand over, put together."""

import random
from collections.abc import Callable

from sandbox.shopify import actions
from sandbox.shopify.model import Record
from sandbox.shopify.shopify import Shopify
from sandbox.shopify.store import Store
from sandbox.shops.trickle import is_sellable
from tests.simulation.people import emails_held

Deed = Callable[[random.Random, Store], Record | None]


def keep_shop(rng: random.Random, shopify: Shopify, *, are_webhooks_lost: bool) -> str:
    """Let somebody in one of the shops do something; what it was.

    Where webhooks are lost only what a list still shows is done.
    """
    deeds = _SHOWN if are_webhooks_lost else (*_SHOWN, *_TOLD)
    store = rng.choice(list(shopify.stores.values()))
    deed = rng.choice(deeds)
    done = deed(rng, store)
    name = deed.__name__.strip("_").replace("_", " ")
    return f"{name}: {store.shop} {done['id'] if done else 'nothing to be done'}"


def _take_a_variant_out(rng: random.Random, store: Store) -> Record | None:
    several = [each for each in store.products.values() if len(each["variants"]) > 1]
    if not several:
        return None
    return actions.delete_variant(store, rng.choice(rng.choice(several)["variants"])["id"])


def _give_a_variant_the_sku_of_another(rng: random.Random, store: Store) -> Record | None:
    variants = [each for product in store.products.values() for each in product["variants"]]
    if len(variants) < 2:
        return None
    one, other = rng.sample(variants, 2)
    return actions.change_variant(store, one["id"], sku=other["sku"])


def _strike_out_an_email(rng: random.Random, store: Store) -> Record | None:
    customer = _known(rng, store)
    return actions.change_customer(store, customer["id"], email=None) if customer else None


def _take_an_email_down(rng: random.Random, store: Store) -> Record | None:
    unknown = [each for each in store.customers.values() if not each["email"]]
    if not unknown:
        return None
    email = f"late-{rng.randrange(10**9)}@example.com"
    return actions.change_customer(store, rng.choice(unknown)["id"], email=email)


def _hand_an_email_over(rng: random.Random, store: Store) -> Record | None:
    """One gives an email up, and another takes it at once."""
    one, other = _known(rng, store), _known(rng, store)
    if not one or not other or one is other:
        return None
    email = one["email"]
    anew = rng.choice((None, f"other-{rng.randrange(10**9)}@example.com"))
    actions.change_customer(store, one["id"], email=anew)
    return actions.change_customer(store, other["id"], email=email)


def _sign_a_guest_up(rng: random.Random, store: Store) -> Record | None:
    email = _email_of_a_guest(rng, store)
    if not email:
        return None
    return actions.create_customer(store, email=email, first_name="No", last_name="Guest")


def _take_the_email_of_a_guest(rng: random.Random, store: Store) -> Record | None:
    """Somebody who bought without their account before."""
    customer, email = _known(rng, store), _email_of_a_guest(rng, store)
    if not customer or not email:
        return None
    return actions.change_customer(store, customer["id"], email=email)


def _go_on_with_a_checkout(rng: random.Random, store: Store) -> Record | None:
    checkout = _open_checkout(rng, store)
    if not checkout:
        return None
    return actions.change_checkout(store, checkout["id"], note=f"Later {rng.randrange(10**6)}")


def _close_an_order(rng: random.Random, store: Store) -> Record | None:
    if not store.orders:
        return None
    order = rng.choice(list(store.orders.values()))
    return actions.close_order(store, order["id"], closed=not order["closed_at"])


def _put_two_customers_together(rng: random.Random, store: Store) -> Record | None:
    if len(store.customers) < 2:
        return None
    kept, gone = rng.sample(list(store.customers), 2)
    return actions.merge_customers(store, kept, gone)


def _take_a_product_out(rng: random.Random, store: Store) -> Record | None:
    if len(store.products) < 2:
        return None
    return actions.delete_product(store, rng.choice(list(store.products)))


def _delete_a_checkout(rng: random.Random, store: Store) -> Record | None:
    checkout = _open_checkout(rng, store)
    return actions.delete_checkout(store, checkout["id"]) if checkout else None


def _known(rng: random.Random, store: Store) -> Record | None:
    known = [each for each in store.customers.values() if each["email"]]
    return rng.choice(known) if known else None


def _email_of_a_guest(rng: random.Random, store: Store) -> str:
    """The email of an order that is no customer's; empty if there is none."""
    held = emails_held(store)
    bought = [str(each["email"] or "") for each in store.orders.values()]
    guests = [each for each in bought if each and each.lower() not in held]
    return rng.choice(guests) if guests else ""


def _open_checkout(rng: random.Random, store: Store) -> Record | None:
    some = [
        each
        for each in store.checkouts.values()
        if not each["completed_at"] and is_sellable(store, each)
    ]
    return rng.choice(some) if some else None


# What moves a date that lists can be asked by.
_SHOWN: tuple[Deed, ...] = (
    _take_a_variant_out,
    _give_a_variant_the_sku_of_another,
    _strike_out_an_email,
    _take_an_email_down,
    _hand_an_email_over,
    _sign_a_guest_up,
    _take_the_email_of_a_guest,
    _go_on_with_a_checkout,
    _close_an_order,
)
# What only a webhook tells of soon.
_TOLD: tuple[Deed, ...] = (
    _put_two_customers_together,
    _take_a_product_out,
    _delete_a_checkout,
)
