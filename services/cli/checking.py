"""``shopsync check``: everything that stands in the way, at once, each with what to do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Annotated

import httpx
import typer

from services.cli.answering import AsJson, Exit, finished, give
from services.cli.examining_hubspot import examine_hubspot
from services.cli.examining_ledger import examine_ledger
from services.cli.examining_log import examine_log
from services.cli.examining_shopify import examine_store
from services.cli.findings import Finding, has_errors, lesser, note, ours, said_of
from services.cli.looking import ledger_file
from services.cli.misspelt import misspelt_settings
from services.cli.settings import Settings, SettingsError, loaded
from services.cli.telling import tell
from services.ingest.settings import Settings as IngestSettings
from services.shared.runtime.calls import client
from services.shared.runtime.network import network_problem

_TIMEOUT_SECONDS = 15.0
_CORRECT = "correct it in the environment or .env; see .env.example"


Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Name also what is only counted, such as topics.")
]


def check(*, verbose: Verbose = False, as_json: AsJson = False) -> None:
    """Check settings, credentials, scopes, schema and addresses; report all problems at once.

    An error will not work, a warning works with less, a note is for you to know.
    """
    found = finished(_found())
    if as_json:
        give(found)
    else:
        tell(found, verbose=verbose)
    if has_errors(found):
        raise SystemExit(Exit.PROBLEM)


async def _found() -> list[Finding]:
    misspelt = [lesser("settings", each, _CORRECT) for each in misspelt_settings()]
    try:
        settings = loaded(Settings, IngestSettings)
    except SettingsError as error:
        return [*(ours("settings", each, _CORRECT) for each in error.problems), *misspelt]
    async with client(_TIMEOUT_SECONDS, httpx.AsyncHTTPTransport()) as http:
        return misspelt + await examined(settings, lambda: http)


async def examined(settings: Settings, http: Callable[[], httpx.AsyncClient]) -> list[Finding]:
    """All findings; one part that cannot be examined does not hide the others."""
    found = [*examine_folder(settings), *await examine_ledger(settings)]
    currencies: dict[str, str] = {}
    for store in settings.stores:
        findings, currencies[store.shop] = await examine_store(http(), settings, store)
        found += findings
    found += await examine_hubspot(http(), settings, currencies)
    found += await examine_address(http(), settings)
    found += await examine_log(settings.log)
    return found


def examine_folder(settings: Settings) -> list[Finding]:
    """Whether log and ledger can be kept where they are to be, as far as that exists yet."""
    folder = settings.data_dir.absolute()
    to_do = "let this user write there, or choose another folder in SHOPSYNC_DATA_DIR"
    there = folder
    try:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        # Tried, not asked for: root may write everywhere, but not every folder takes a file.
        with tempfile.TemporaryDirectory(dir=there) as inner, tempfile.TemporaryFile(dir=inner):
            return []
    except OSError as problem:
        said = f"{there} is no folder we can write to ({problem.strerror})"
        return [ours("data directory", said, to_do)]


async def examine_address(http: httpx.AsyncClient, settings: Settings) -> list[Finding]:
    """Whether the public address leads to our ingest."""
    if settings.public_url is None:
        return [
            note(
                "public address",
                "none is set: changes are found by scanning alone",
                "set SHOPSYNC_PUBLIC_URL to have them within seconds",
            )
        ]
    try:
        answer = await http.get(f"{str(settings.public_url).rstrip('/')}/healthz")
    except httpx.RequestError as error:
        said = said_of(network_problem(error))
    else:
        said = "" if answer.is_success else f"it answers {answer.status_code}"
    if not said:
        return []
    problem = f"/healthz cannot be reached: {said}"
    to_do = "start shopsync ingest, and let your proxy or tunnel lead to SHOPSYNC_INGEST_PORT"
    file = ledger_file(settings)
    if file is not None and not file.exists():
        before = f"expected before the first start; after it, {to_do}"
        return [lesser("public address", problem, before)]
    return [ours("public address", problem, to_do)]
