"""The preloaded library that makes a process's clock wrong and its disk full."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_SOURCE = Path(__file__).with_name("shadows.c")


def shadows_in(folder: Path) -> Path | None:
    """The library, compiled into ``folder``; None where there is no C compiler, which is said."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    library = folder / "shadows.so"
    subprocess.run(
        [compiler, "-O1", "-shared", "-fPIC", "-Wall", "-o", str(library), str(_SOURCE)],
        check=True,
    )
    return library
