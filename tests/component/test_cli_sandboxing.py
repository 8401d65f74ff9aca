"""``shopsync sandbox``: the simulators beside us, and the settings by which they are found."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.__main__ import app
from services.cli.settings import Settings, loaded


@contextmanager
def started(*arguments: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "services.cli", "sandbox", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as running:
        assert running.stdout is not None
        try:
            yield json.loads(running.stdout.readline()), running
        finally:
            running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 0


def test_the_sandbox_takes_its_options_and_ends_by_the_signal_we_get() -> None:
    with started("hubspot", "--seed", "3", "--empty") as (ready, _):
        assert ready["hubspot_url"].startswith("http://127.0.0.1:")
        assert "shopify_url" not in ready


def test_the_settings_it_writes_are_all_the_product_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    with started("--empty", "--env", str(file)) as (ready, running):
        assert running.stderr is not None
        assert str(file) in running.stderr.readline()
        monkeypatch.chdir(tmp_path)
        settings = loaded(Settings)
    assert settings.shopify_base_url == ready["shopify_url"]
    assert settings.hubspot_token.get_secret_value() == ready["hubspot_token"]
    assert [each.shop for each in settings.stores] == [each["shop"] for each in ready["stores"]]
    assert file.stat().st_mode & 0o777 == 0o600


def test_settings_that_are_there_are_not_written_over(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("precious")
    result = CliRunner().invoke(app, ["sandbox", "--env", str(file)])
    assert result.exit_code == 2
    assert "not written over" in result.output
    assert file.read_text() == "precious"
