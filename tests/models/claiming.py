"""Two syncers with one event each of the same record, and what HubSpot shows in the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from services.shared.contract.events import Event
from services.shared.contract.topics import ObjectType
from services.shared.ledger import waits
from services.shared.ledger.waits import Wait
from services.syncer.reading import read_out
from tests.models.exploring import Path
from tests.models.stepping import Bounds, Stage
from tests.models.stories import Tale
from tests.models.syncing import Beginning, Shown, Truth, World, world
from tests.support.virtual_time import in_virtual_time


@dataclass(slots=True)
class Exploration:
    """One tale within some bounds. ``run`` is to be given every path."""

    begin: Beginning
    tale: Tale
    bounds: Bounds
    delivered: Shown = field(init=False)
    read: Shown = field(init=False)

    def __post_init__(self) -> None:
        self.delivered = in_virtual_time(self._delivered_in_order())
        self.read = in_virtual_time(self._read_only())

    def run(self, path: Path) -> None:
        """Let the path decide who goes on when.

        Raises:
            AssertionError: HubSpot shows something else than it must.
        """
        shown = in_virtual_time(self._side_by_side(path))
        assert not shown.difference(self.delivered, self.read), shown.difference(
            self.delivered, self.read
        )

    async def _delivered_in_order(self) -> Shown:
        async with world(self.begin, Stage(Path(), self.bounds), Truth(self.tale.truth)) as there:
            for event in self.tale.events:
                await there.handle("alone", self.tale.kind, [event])
                await there.settle(self.tale.kind)
            return there.shown()

    async def _read_only(self) -> Shown:
        async with world(self.begin, Stage(Path(), self.bounds), Truth(self.tale.truth)) as there:
            hints = [
                Wait(key=job.source, reason="hinted", claims_deletion=job.claims_deletion)
                for job in read_out(self.tale.events).jobs
            ]
            async with there.ledger.transaction() as tx:
                await waits.wait(tx, hints)
            await there.settle(self.tale.kind)
            return there.shown()

    async def _side_by_side(self, path: Path) -> Shown:
        stage = Stage(path, self.bounds)
        async with world(self.begin, stage, Truth(self.tale.truth)) as there:
            for number, event in enumerate(self.tale.events):
                name = f"syncer-{number}"
                stage.start(name, partial(there.handle, name, self.tale.kind, [event]))
            await stage.play()
            await _delivered_again(there, stage, self.tale.events)
            await there.settle(self.tale.kind)
            return there.shown()


async def _delivered_again(there: World, stage: Stage, events: Sequence[Event]) -> None:
    """What a syncer that died had not committed comes to the next owner of its partition."""
    for number, event in enumerate(events):
        if stage.running[f"syncer-{number}"].is_dead:
            kind = ObjectType(read_out([event]).jobs[0].source.kind)
            await there.handle("next-owner", kind, [event])
