"""From events to jobs; what nobody can apply becomes a dead letter. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.shared.contract.errors import EventAtFaultError
from services.shared.contract.events import Event, NewEvent, Origin, provenance_in
from services.shared.contract.topics import dead_topic
from services.shared.shopify.payloads import observations_in
from services.syncer.jobs import Job, Sighting, jobs_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Readout:
    """The jobs a batch of events asks for, and its dead letters."""

    jobs: Sequence[Job]
    dead: Sequence[NewEvent] = field(default_factory=tuple)


def read_out(events: Iterable[Event]) -> Readout:
    """What ``events`` ask for. Total: an event nobody can read is a dead letter."""
    sightings: list[Sighting] = []
    dead: list[NewEvent] = []
    for event in events:
        try:
            sightings.extend(_sightings(event))
        except EventAtFaultError as problem:
            dead.append(dead_letter(event, problem.reason))
    return Readout(jobs=jobs_for(sightings), dead=dead)


def dead_letter(event: Event, reason: str) -> NewEvent:
    """``event`` with why nobody can apply it, and where it stood."""
    partition = event.position.partition
    return NewEvent(
        topic=dead_topic(partition.topic),
        key=event.key,
        value=event.value,
        headers={
            **event.headers,
            "dead-reason": reason,
            "dead-topic": partition.topic,
            "dead-position": f"{partition.number}/{event.position.offset}",
        },
    )


def _sightings(event: Event) -> list[Sighting]:
    provenance = provenance_in(event.headers)
    observed_at = None if provenance.origin is Origin.WEBHOOK else provenance.observed_at
    return [
        Sighting(observation=observation, observed_at=observed_at, body=event.value)
        for observation in observations_in(event, provenance)
    ]
