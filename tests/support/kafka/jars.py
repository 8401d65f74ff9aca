"""Kafka's own jars, brought by Maven into a folder that Git ignores, and the Java to run them."""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "deploy" / "kafka"
JARS = FOLDER / "jars"
_POM = FOLDER / "pom.xml"
_NEEDED = 17
_MAVEN_SECONDS = 600
_STDERR = 2


@cache
def lacking() -> str:
    """What this machine lacks to run a broker from its jars; empty if nothing."""
    if not _java_is_new_enough():
        return f"Java {_NEEDED} or newer"
    if not _are_there() and shutil.which("mvn") is None:
        return "Maven"
    return ""


def brought() -> Path:
    """The folder of the jars, filled if it was not; safe to call from several processes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "pom.xml").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _are_there():
            shutil.rmtree(JARS, ignore_errors=True)
            subprocess.run(
                [
                    *("mvn", "-q", "-B", "-f", str(_POM), "dependency:copy-dependencies"),
                    f"-DoutputDirectory={JARS}",
                ],
                check=True,
                timeout=_MAVEN_SECONDS,
                # Even a quiet Maven resets the colours; the launcher's own output is an answer.
                stdout=_STDERR,
            )
            (JARS / "made-from").write_text(_fingerprint())
    return JARS


def java(main: str, *arguments: str) -> list[str]:
    """The command that runs the class ``main`` of Kafka's."""
    return [
        *("java", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
        f"-Dlog4j2.configurationFile={FOLDER / 'log4j2.properties'}",
        *("-cp", f"{JARS}/*", main, *arguments),
    ]


def _are_there() -> bool:
    made_from = JARS / "made-from"
    return made_from.is_file() and made_from.read_text() == _fingerprint()


def _fingerprint() -> str:
    return hashlib.sha256(_POM.read_bytes()).hexdigest()


def _java_is_new_enough() -> bool:
    if shutil.which("java") is None:
        return False
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    return version is not None and int(version.group(1)) >= _NEEDED
