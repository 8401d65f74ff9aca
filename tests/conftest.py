"""What every folder of tests has at hand."""

from hypothesis import settings

pytest_plugins = ["tests.support.ledgers", "tests.support.left_behind"]

# A busy machine is no fault of the code's: nothing here is judged by how long it takes.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
