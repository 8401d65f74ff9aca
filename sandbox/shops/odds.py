"""Chance."""

from __future__ import annotations

import random


def happens(rng: random.Random, chance: float) -> bool:
    """True that often, of 1."""
    return rng.random() < chance
