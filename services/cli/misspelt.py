"""Settings that nobody reads: most likely a slip of the pen."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic_settings import BaseSettings, DotEnvSettingsSource, EnvSettingsSource

from services.cli.places import PREFIX
from services.cli.settings import Settings
from services.ingest.settings import Settings as IngestSettings

# Where the tests of this project find servers; a developer's environment may hold them.
_OF_TESTS = f"{PREFIX}TEST_"
_READ_BY: tuple[type[BaseSettings], ...] = (Settings, IngestSettings)


def misspelt_settings() -> list[str]:
    """What is said of each ``SHOPSYNC_…`` in the environment or in ``.env`` that is no setting."""
    sources = (EnvSettingsSource(Settings), DotEnvSettingsSource(Settings))
    given = {name for each in sources for name, value in each.env_vars.items() if value}
    return misspelt_in(given)


def misspelt_in(given: Iterable[str]) -> list[str]:
    """The same for these names; never a value, which may be a secret."""
    known = sorted(_known())
    ours = sorted({each.upper() for each in given})
    return [
        f"{name} is no setting" + meant(name, known)
        for name in ours
        if name.startswith(PREFIX) and not name.startswith(_OF_TESTS) and name not in known
    ]


def meant(name: str, known: Iterable[str]) -> str:
    """Which of ``known`` was most likely meant, to be put behind ``name``; empty if none is."""
    alike = get_close_matches(name, known, n=1, cutoff=0.8)
    return f": did you mean {alike[0]}?" if alike else ""


def _known() -> set[str]:
    return {
        f"{each.model_config.get('env_prefix', '')}{name}".upper()
        for each in _READ_BY
        for name in each.model_fields
    }
