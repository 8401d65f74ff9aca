"""The cost bucket of one store, as far as we know it. Pure.

Cost is per app and store: a bucket that refills at a steady rate. A query's requested cost is
reserved, the difference to its actual cost comes back.
https://shopify.dev/docs/api/usage/limits

All moments are seconds on one steady clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

# The standard plan's, until the first answer says what the store has.
STANDARD_MAXIMUM = 2000.0
STANDARD_RESTORE_RATE = 100.0
MOST_PER_QUERY = 1000.0
LEAST_THROTTLED_WAIT_SECONDS = 1.0
# Added to every wait: one too small to move a clock would be waited again for ever.
_GRAIN_SECONDS = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """``extensions.cost`` of an answer. ``actual`` is None for a query that was not run."""

    requested: float
    actual: float | None
    maximum: float
    available: float
    restore_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Points there were at ``as_of``; ``reserved`` of them belong to calls under way."""

    available: float = STANDARD_MAXIMUM
    maximum: float = STANDARD_MAXIMUM
    restore_rate: float = STANDARD_RESTORE_RATE
    reserved: float = 0.0
    as_of: float = 0.0


def wait_seconds(bucket: Bucket, cost: float, now: float) -> float:
    """How long until ``cost`` points are free; 0 if they are now.

    A cost beyond the bucket's size waits for a full bucket: Shopify then says what it thinks.
    """
    lacking = min(cost, bucket.maximum) + bucket.reserved - _refilled(bucket, now)
    return lacking / bucket.restore_rate + _GRAIN_SECONDS if lacking > 0 else 0.0


def reserved(bucket: Bucket, cost: float) -> Bucket:
    """The bucket after a call of ``cost`` was sent."""
    return replace(bucket, reserved=bucket.reserved + cost)


def released(bucket: Bucket, cost: float, now: float) -> Bucket:
    """The bucket after a call of ``cost`` ended without saying what it took: all of it, then."""
    left = max(bucket.reserved - cost, 0.0)
    available = max(_refilled(bucket, now) - cost, 0.0)
    return replace(bucket, available=available, reserved=left, as_of=now)


def learned(bucket: Bucket, reserved_cost: float, said: Cost, now: float) -> Bucket:
    """The bucket after an answer: what Shopify says counts, less what is still under way."""
    return Bucket(
        available=min(said.available, said.maximum),
        maximum=said.maximum,
        restore_rate=max(said.restore_rate, 1.0),
        reserved=max(bucket.reserved - reserved_cost, 0.0),
        as_of=now,
    )


def throttled_wait(said: Cost | None) -> float:
    """How long to wait after THROTTLED, at least a second."""
    if said is None or said.restore_rate <= 0:
        return LEAST_THROTTLED_WAIT_SECONDS
    lacking = said.requested - said.available
    return max(lacking / said.restore_rate, LEAST_THROTTLED_WAIT_SECONDS)


def _refilled(bucket: Bucket, now: float) -> float:
    refill = max(now - bucket.as_of, 0.0) * bucket.restore_rate
    return min(bucket.available + refill, bucket.maximum)
