"""The vocabulary of reasons is complete for what our own code says, and bounded."""

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from services.shared.contract.reasons import DEAD, KNOWN, bounded
from services.shared.hubspot import problems
from services.shared.shopify import answers

SERVICES = Path(problems.__file__).parents[2]
# Where a reason is given to a record, a batch or a store.
GIVEN = re.compile(
    r"""(?:wait_for\([\w.]+,\s|reason=|Error\(|_ours\(|_rejected\()"([a-z]+(?:_[a-z]+)+)\"""",
    re.VERBOSE,
)
PLACES = (
    *(SERVICES / "syncer").rglob("*.py"),
    *(SERVICES / "reconciler").rglob("*.py"),
    Path(problems.__file__),
    Path(answers.__file__),
)


@given(st.text())
def test_any_reason_is_bounded(reason: str) -> None:
    assert bounded(reason) in KNOWN


def test_every_reason_our_code_gives_is_known() -> None:
    said = {reason for place in PLACES for reason in GIVEN.findall(place.read_text())}

    assert "changed_meanwhile" in said
    assert said - KNOWN == set()


def test_failures_of_the_network_are_one_reason_and_codes_of_hubspot_are_kept() -> None:
    assert bounded("network_ConnectTimeout") == "network"
    assert bounded("INVALID_EMAIL") == "INVALID_EMAIL"
    assert bounded("SOMETHING_NEW_AT_HUBSPOT") == "other"


def test_every_reason_for_which_an_event_cannot_be_applied_is_listed() -> None:
    fault = re.compile(r'EventAtFaultError\("([a-z_]+)"')
    # The log refuses these before there is an event.
    appending = {"bad_text", "event_too_large"}
    places = (SERVICES / "shared").rglob("*.py")
    said = {reason for place in places for reason in fault.findall(place.read_text())}

    assert said - appending == {*DEAD}
