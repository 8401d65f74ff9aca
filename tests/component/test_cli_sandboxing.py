import json
import signal
import subprocess
import sys


def test_the_sandbox_takes_its_options_and_ends_by_the_signal_we_get() -> None:
    command = [sys.executable, "-m", "services.cli", "sandbox", "hubspot", "--seed", "3", "--empty"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        ready = json.loads(running.stdout.readline())
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert ready["hubspot_url"].startswith("http://127.0.0.1:")
    assert "shopify_url" not in ready
