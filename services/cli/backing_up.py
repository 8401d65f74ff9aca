"""``shopsync backup FILE``: the log and the ledger, while the product runs.

The log is copied first: a log older than its ledger makes us look again at what is done, a log
newer than its ledger would let changes be lost.
"""

from __future__ import annotations

import io
import sqlite3
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import orjson
import typer

from services.cli.answering import AsJson, Exit, NotThereError, fail, finished, give, say
from services.cli.looking import ledger_file, log_file, places
from services.shared.contract.errors import OursToFixError, WorldAtFaultError

MANIFEST = "manifest.json"
LOG = "log.sqlite"
LEDGER = "ledger.sqlite"
_BUSY_SECONDS = 30.0
# stores.copy is what ingest knows without the ledger: of stores the restored one may not know.
_RESTORE = f"""Restoring: stop the product; remove {LOG}*, {LEDGER}* and stores.copy from the data
directory; unpack FILE there with tar -xf; start with the same SHOPSYNC_ENCRYPTION_KEY, which is
not in the backup. A restored ledger is older than HubSpot and suspect: its copy trusts no hash
and no scan, so that everything is scanned again and every property written again."""
# What the copy of the ledger must not claim to know once HubSpot has gone on without it.
_SUSPECT = (
    "UPDATE targets SET fingerprint = ''",
    "UPDATE windows SET state = 'void' WHERE state = 'complete'",
    "UPDATE windows SET state = 'broken' WHERE state = 'running'",
    "DELETE FROM settings WHERE name LIKE 'census:%'",
    "DELETE FROM claims",
    "DELETE FROM leases",
)


def backup(
    file: Annotated[Path, typer.Argument(help="The tar file to write; it must not exist.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Copy the log and the ledger into one tar file while the product runs.

    The file holds personal data. How to restore it is said when it is done, and in its manifest.
    """
    if file.exists():
        fail(f"{file} exists already", Exit.USAGE)
    manifest = finished(_backed_up(file))
    if as_json:
        give(manifest)
    else:
        say(f"{file}: {file.stat().st_size} bytes\n{_RESTORE}")


async def _backed_up(file: Path) -> Mapping[str, object]:
    where = places()
    log, ledger = log_file(where), ledger_file(where)
    if log is None or ledger is None:
        raise OursToFixError("not_sqlite", detail="back up servers by their own means")
    return written(file, {LOG: log, LEDGER: ledger}, datetime.now(UTC))


def written(file: Path, originals: Mapping[str, Path], now: datetime) -> Mapping[str, object]:
    """Write copies of SQLite files, in their order, and a manifest into the tar ``file``.

    Raises:
        NotThereError: an original is missing.
        WorldAtFaultError: an original stayed locked, or the disk is full.
    """
    for original in originals.values():
        if not original.is_file():
            raise NotThereError("nothing_to_back_up", detail=f"{original} is missing")
    manifest = {
        "version": version_of("shopify-hubspot-sync"),
        "taken_at": now.isoformat(timespec="seconds"),
        "files": [*originals],
        "restore": _RESTORE,
    }
    try:
        _write(file, originals, orjson.dumps(manifest, option=orjson.OPT_INDENT_2), now)
    except (sqlite3.Error, OSError) as problem:
        file.with_name(file.name + ".part").unlink(missing_ok=True)
        raise WorldAtFaultError("backup_failed", detail=type(problem).__name__) from problem
    return manifest


def _write(file: Path, originals: Mapping[str, Path], manifest: bytes, now: datetime) -> None:
    beside = file.with_name(file.name + ".part")
    with tempfile.TemporaryDirectory(dir=file.parent) as room, tarfile.open(beside, "w") as tar:
        for name, original in originals.items():
            copied(original, Path(room) / name)
            if name == LEDGER:
                make_suspect(Path(room) / name)
            tar.add(Path(room) / name, arcname=name, filter=_for_its_owner)
        about = tarfile.TarInfo(MANIFEST)
        about.size, about.mtime, about.mode = len(manifest), int(now.timestamp()), 0o600
        tar.addfile(about, io.BytesIO(manifest))
    beside.chmod(0o600)
    beside.rename(file)


def _for_its_owner(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Unpacked anywhere, it is nobody else's to read."""
    member.mode = 0o600
    return member


def copied(original: Path, copy: Path) -> None:
    """Copy a SQLite file as of one moment, however busy it is.

    ``VACUUM INTO`` reads one snapshot; the backup API would begin anew at each write of another
    process. https://sqlite.org/lang_vacuum.html#vacuuminto
    """
    with closing(sqlite3.connect(original, timeout=_BUSY_SECONDS)) as source:
        source.execute("VACUUM INTO ?", (str(copy),))


def make_suspect(ledger: Path) -> None:
    """Let a copied ledger trust no hash and no scan: HubSpot goes on, the copy stays."""
    with closing(sqlite3.connect(ledger)) as copy:
        for each in _SUSPECT:
            copy.execute(each)
        copy.commit()
