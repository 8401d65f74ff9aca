"""Docker's engine, where nothing nearer runs a server."""

from __future__ import annotations

import subprocess
from contextlib import suppress

_SECONDS = 10.0


def engine_answers(within_seconds: float = _SECONDS) -> bool:
    """Whether there is an engine to run containers; one that does not answer in time is none."""
    with suppress(OSError, subprocess.SubprocessError):
        asked = ["docker", "info"]
        return not subprocess.run(
            asked, capture_output=True, check=False, timeout=within_seconds
        ).returncode
    return False
