"""``shopsync``, the front door."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from importlib import import_module
from importlib.metadata import version as version_of
from typing import Annotated

import typer

from services.cli import (
    backing_up,
    checking,
    dead_letters,
    migrating,
    records,
    replaying,
    requests,
    sandboxing,
    topics,
)
from services.cli.answering import EXIT_CODES, AsJson, finished, give, say
from services.cli.misspelt import misspelt_settings
from services.cli.settings import Settings, loaded
from services.cli.status import status
from services.ingest.settings import Settings as IngestSettings
from services.shared.runtime.calls import DISTRIBUTION
from services.shared.runtime.logging import Action, configure_logging

_LOG = logging.getLogger(__name__)
PROCESSES = ("ingest", "syncer", "reconciler")

app = typer.Typer(
    name="shopsync",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keeps a HubSpot account true to one or more Shopify stores.",
    epilog=f"{EXIT_CODES} Settings: SHOPSYNC_… in the environment or in .env, see .env.example.",
)
_RUN = "Run the product"
_LOOK = "Look at it"


Yes = Annotated[bool, typer.Option("--yes", help="Agree to the first sync beforehand.")]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The first sync takes nothing that changed before."),
]


def _process(name: str, which: frozenset[str], says: str) -> None:
    @app.command(name, help=says, rich_help_panel=_RUN)
    def start(*, yes: Yes = False, since: Since = None) -> None:
        finished(_run(which, yes=yes, since=since))


async def _run(
    which: frozenset[str], *, yes: bool, since: datetime | None, attached: bool = False
) -> None:
    settings = loaded(Settings, *([IngestSettings] if "ingest" in which else []))
    if since is not None:
        settings = settings.model_copy(update={"since": since.date()})
    _begin_to_log(settings)
    if settings.public_url is None:
        _LOG.warning(
            "no public address: changes are found by scanning alone",
            extra={"action": Action.DO_WITHOUT, "scan_every_seconds": settings.scan_every},
        )
    # Here, because looking at the product must not load all that runs it.
    run = import_module("services.cli.processes").run
    agree = partial(import_module("services.cli.first_sync").agree, yes=yes or settings.yes)
    asked = agree if which & {"syncer", "reconciler"} else _nothing
    await run(which, settings, asked, attached=attached)


def _begin_to_log(settings: Settings) -> None:
    configure_logging(settings.log_format, settings.log_level)
    for each in misspelt_settings():
        _LOG.warning(each, extra={"action": Action.IGNORE})


async def _nothing(_base: object) -> None:
    """Ingest alone writes to no account."""


_process(
    "all",
    frozenset(PROCESSES),
    "Run ingest, syncer and reconciler in one process, after asking before the first sync.",
)


@app.command(rich_help_panel=_RUN)
def ingest(
    *,
    workers: Annotated[
        int, typer.Option(min=1, help="Processes on one port; each has a metrics port of its own.")
    ] = 1,
    attached: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Take Shopify's webhooks onto the log."""
    if workers > 1:
        finished(_run_workers(workers))
    else:
        finished(_run(frozenset({"ingest"}), yes=True, since=None, attached=attached))


async def _run_workers(count: int) -> None:
    settings = loaded(Settings)
    _begin_to_log(settings)
    await import_module("services.cli.workers").run(count)


_process("syncer", frozenset({"syncer"}), "Write what is on the log to HubSpot.")
_process("reconciler", frozenset({"reconciler"}), "Find what webhooks missed; the first sync.")

app.command("sandbox", rich_help_panel=_RUN)(sandboxing.sandbox)
app.command("check", rich_help_panel=_LOOK)(checking.check)
app.command("status", rich_help_panel=_LOOK)(status)
app.command("backup", rich_help_panel=_LOOK)(backing_up.backup)
app.command("migrate", rich_help_panel=_RUN)(migrating.migrate)
app.add_typer(records.app, name="records", rich_help_panel=_LOOK)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel=_LOOK)
app.add_typer(requests.app, name="requests", rich_help_panel=_LOOK)
app.command("replay", rich_help_panel=_LOOK)(replaying.replay)
app.command("topics", rich_help_panel=_LOOK)(topics.topics)


@app.command(rich_help_panel=_RUN)
def demo(
    *,
    once: Annotated[bool, typer.Option(help="Sync, compare every record, end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fill a simulated HubSpot from two simulated stores, then watch live changes arrive."""
    run: Callable[..., int] = import_module("services.cli.demo").run
    raise typer.Exit(run(once=once, as_json=as_json))


@app.command(rich_help_panel=_LOOK)
def version(*, as_json: AsJson = False) -> None:
    """Say which version this is."""
    said = version_of(DISTRIBUTION)
    if as_json:
        give({"version": said})
    else:
        say(said)


def main() -> None:
    """The command line."""
    # What a library has to say meanwhile looks like ours; processes say more, once they start.
    configure_logging("console", "WARNING")
    app()


if __name__ == "__main__":
    main()
