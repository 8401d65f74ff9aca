"""``shopsync``, the front door."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version as version_of
from typing import Annotated

import typer

from services.cli import backing_up, checking, dead_letters, records, replaying, sandboxing, topics
from services.cli.answering import EXIT_CODES, AsJson, finished, give, say
from services.cli.status import status
from services.shared.runtime.settings import Settings, loaded

DISTRIBUTION = "shopify-hubspot-sync"
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


def _process(name: str, which: frozenset[str], says: str) -> None:
    @app.command(name, help=says, rich_help_panel=_RUN)
    def start() -> None:
        raise typer.Exit(finished(_run(which)))


async def _run(which: frozenset[str]) -> int:
    settings = loaded(Settings)
    # Here, because looking at the product must not load all that runs it.
    run = import_module("services.cli.processes").run
    return int(await run(which, settings))


_process("all", frozenset(PROCESSES), "Run ingest, syncer and reconciler in one process.")
_process("ingest", frozenset({"ingest"}), "Take Shopify's webhooks onto the log.")
_process("syncer", frozenset({"syncer"}), "Write what is on the log to HubSpot.")
_process("reconciler", frozenset({"reconciler"}), "Find what webhooks missed; the first sync.")

app.command("sandbox", rich_help_panel=_RUN)(sandboxing.sandbox)
app.command("check", rich_help_panel=_LOOK)(checking.check)
app.command("status", rich_help_panel=_LOOK)(status)
app.command("backup", rich_help_panel=_LOOK)(backing_up.backup)
app.add_typer(records.app, name="records", rich_help_panel=_LOOK)
app.add_typer(dead_letters.app, name="dead-letters", rich_help_panel=_LOOK)
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
    app()


if __name__ == "__main__":
    main()
