"""What kept a run from being faster, judged by what each process used. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_NEARLY_ALL = 0.9
# The calls are granted evenly, so that a quota that binds is used nearly whole.
_NEARLY_ALL_CALLS = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Cores in use on average: of the whole machine, and by each process that has one thread.

    ``calls_per_window`` HubSpot calls were made in ten seconds, of ``quota``; 0 is a lifted one.
    """

    cores: int
    machine: float
    single: Mapping[str, float]
    calls_per_window: float
    quota: int


def bound_by(load: Load) -> str:
    """``quota``, ``CPU`` (of the machine, or of the process named), else ``latency``."""
    if load.quota and load.calls_per_window >= load.quota * _NEARLY_ALL_CALLS:
        return "quota"
    if load.machine >= load.cores * _NEARLY_ALL:
        return "CPU"
    busiest = max(load.single, key=lambda each: load.single[each])
    if load.single[busiest] >= _NEARLY_ALL:
        return f"CPU of {busiest}"
    return "latency"
