"""The hand-over of a partition: nothing is passed over that nobody settled, and all is settled.

Explored exhaustively: two syncers and two events, the partition moving once or twice at any step,
one of the two dying at any step, a batch that meets an outage or whose claim is lost.
"""

import pytest

from tests.models.exploring import Path, every_path
from tests.models.handing_over import TROUBLES, Group, Member, Syncer
from tests.models.stepping import Bounds, Stage
from tests.support.virtual_time import in_virtual_time

EVENTS = 2
BOUNDS = {
    "moved twice": Bounds(switches=0, events=2),
    "moved and one dies": Bounds(switches=0, events=1, deaths=1),
}


@pytest.mark.parametrize("bounds", BOUNDS.values(), ids=BOUNDS)
@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_partition_changes_hands_and_nothing_is_passed_over(
    trouble: Exception | None, bounds: Bounds
) -> None:
    def run(path: Path) -> None:
        group = in_virtual_time(handed_over(path, bounds, trouble))
        assert group.settled == set(range(EVENTS))
        assert group.committed == EVENTS

    assert sum(1 for _ in every_path(run)) > 10


async def handed_over(path: Path, bounds: Bounds, trouble: Exception | None) -> Group:
    group = Group(EVENTS)
    stage = Stage(path, bounds, group.move)
    for name in ("one", "other"):
        group.members[name] = Member(group, stage, name)
        syncer = Syncer(group.members[name], [trouble] if trouble else [])
        stage.start(name, syncer.run)
    group.move()
    await stage.play()
    for name, process in stage.running.items():
        group.members[name].is_gone = process.is_dead
    if group.members[group.owner].is_gone:
        # The broker finds out that a member is dead, and gives what it had to the others.
        group.move()
        stage.bounds = Bounds(switches=bounds.switches)
        await stage.play()
    await stage.end()
    return group
