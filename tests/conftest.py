"""What every folder of tests has at hand."""

import pytest
from hypothesis import settings

from tests.support import npm

pytest_plugins = [
    "tests.support.acting",
    "tests.support.hubspot_account",
    "tests.support.kafka.members",
    "tests.support.ledgers",
    "tests.support.left_behind",
]

# A busy machine is no fault of the code's: nothing here is judged by how long it takes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What is marked ``node`` runs only where npm's packages are."""
    if item.get_closest_marker("node"):
        npm.required()
