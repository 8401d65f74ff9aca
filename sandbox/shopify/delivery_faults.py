"""What may go wrong between Shopify and the receiver, each switchable while running."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from random import Random
from typing import Literal, get_args

RemovalRule = Literal["deliveries", "requests"]
SHARES = ("duplicate", "delay", "drop", "truncate", "wrong_secret")


class UnknownFaultError(ValueError):
    """A fault by a name, or with a value, that this simulator does not have."""


@dataclass(slots=True, kw_only=True)
class DeliveryFaults:
    """The switches; everything off by default.

    Attributes:
        duplicate: Share of the deliveries sent twice, ids and all.
        delay: Share of the deliveries held back by up to ``delay_seconds``.
        delay_seconds: The longest such delay.
        reorder_seconds: Every delivery waits a random time up to this, so that they overtake.
        drop: Share of the deliveries never sent; 1 drops all.
        truncate: Share of the requests whose body is cut in half after signing.
        wrong_secret: Share of the requests signed with a secret that is not the app's.
        burst_seconds: Deliveries are held and let go together, once in so many seconds.
        coalesce_seconds: Consecutive changes of one record within so many seconds become one
            delivery, and a payload equal to the last one is not sent again within them.
        rotation_lag_seconds: How long the old secret signs after a rotation (up to an hour).
        next_generation_headers: Send the ``shopify-…`` headers in place of ``X-Shopify-…``.
        removal: What removes a subscription: ``deliveries``, one whose eight retries failed with
            no success between; ``requests``, eight failed requests in a row, whichever they were.
            Shopify's pages allow both readings.
        retry_scale: Factor on the delays between retries, for tests and demos in a hurry.
    """

    duplicate: float = 0.0
    delay: float = 0.0
    delay_seconds: float = 30.0
    reorder_seconds: float = 0.0
    drop: float = 0.0
    truncate: float = 0.0
    wrong_secret: float = 0.0
    burst_seconds: float = 0.0
    coalesce_seconds: float = 0.0
    rotation_lag_seconds: float = 3600.0
    next_generation_headers: bool = False
    removal: RemovalRule = "deliveries"
    retry_scale: float = 1.0

    def update(self, changes: Mapping[str, object]) -> None:
        """Set the named switches; UnknownFaultError, and nothing set, if any is refused."""
        checked = {name: _checked(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def as_json(self) -> dict[str, object]:
        """Every switch by its name."""
        return asdict(self)


_NAMES = frozenset(field.name for field in fields(DeliveryFaults))


def _checked(name: str, value: object) -> object:
    if name not in _NAMES:
        raise UnknownFaultError(f"no fault is called {name!r}")
    if name == "removal":
        allowed = value in get_args(RemovalRule)
    elif name == "next_generation_headers":
        allowed = isinstance(value, bool)
    else:
        allowed = _is_amount(value, at_most=1.0 if name in SHARES else float("inf"))
    if not allowed:
        raise UnknownFaultError(f"{name} cannot be {value!r}")
    return value


def _is_amount(value: object, *, at_most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= at_most


def waits(faults: DeliveryFaults, triggered: datetime, random: Random) -> list[float]:
    """Seconds each copy of a delivery waits before it is sent; no copy when it is dropped."""
    if random.random() < faults.drop:
        return []
    copies = 2 if random.random() < faults.duplicate else 1
    return [_wait(faults, triggered, random) for _ in range(copies)]


def _wait(faults: DeliveryFaults, triggered: datetime, random: Random) -> float:
    wait = random.uniform(0.0, faults.reorder_seconds)
    if random.random() < faults.delay:
        wait += random.uniform(0.0, faults.delay_seconds)
    if faults.burst_seconds:
        wait += faults.burst_seconds - (triggered.timestamp() + wait) % faults.burst_seconds
    return wait


def sent_body(body: bytes, faults: DeliveryFaults, random: Random) -> bytes:
    """What goes over the wire: the body, or its first half."""
    return body[: len(body) // 2] if random.random() < faults.truncate else body


def signing_secret(secret: str, faults: DeliveryFaults, random: Random) -> str:
    """What the request is signed with: the secret, or another app's."""
    return f"not-{secret}" if random.random() < faults.wrong_secret else secret
