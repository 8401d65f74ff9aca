"""How often Python looks for garbage that refers to itself.

A batch of some hundred records makes a hundred thousand objects that live until it is settled and
then go by themselves. With Python's thresholds each batch is looked through some fifty times, with
all modules every now and then, for garbage that is not there: a good twentieth of the syncer's CPU.
"""

from __future__ import annotations

import gc

_YOUNG = 50_000
_MIDDLE = 20
_OLD = 50


def collect_seldom() -> None:
    """Leave what is loaded by now out of every collection, and collect seldom. For a process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
