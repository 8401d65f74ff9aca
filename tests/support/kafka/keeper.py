"""Runs one server for as long as somebody uses it.

    keeper.py LOCK FOLDER OUTPUT ENDING COMMAND…

Whoever uses the server holds a shared lock on the file ``LOCK``. When nobody does any more, however
they ended, the command ``ENDING`` (JSON) is run if there is one, the server killed and ``FOLDER``
removed. The server dies with its keeper, too. Prints the server's process id, then nothing.
"""

from __future__ import annotations

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def keep(
    lock: Path, folder: Path, output: Path, ending: Sequence[str], command: Sequence[str]
) -> None:
    """Start ``command`` and wait until it ends or nobody uses it."""
    keeper = os.getpid()

    def die_with_the_keeper() -> None:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != keeper:
            os._exit(1)

    with output.open("ab") as said:
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            preexec_fn=die_with_the_keeper,  # noqa: PLW1509 - there is no other thread yet
        )
    print(server.pid, flush=True)  # noqa: T201 - this is how it answers
    os.close(sys.stdout.fileno())
    unused = threading.Event()
    threading.Thread(
        target=_end_when_unused, args=(lock, server, unused, ending), daemon=True
    ).start()
    server.wait()
    if unused.is_set():
        shutil.rmtree(folder, ignore_errors=True)


def _end_when_unused(
    lock: Path,
    server: subprocess.Popen[bytes],
    unused: threading.Event,
    ending: Sequence[str],
) -> None:
    with lock.open("rb") as users:
        fcntl.flock(users, fcntl.LOCK_EX)
        unused.set()
        if ending:
            subprocess.run(ending, capture_output=True, check=False)
        server.kill()
        server.wait()


if __name__ == "__main__":
    lock_file, server_folder, said_to = map(Path, sys.argv[1:4])
    keep(lock_file, server_folder, said_to, json.loads(sys.argv[4]), sys.argv[5:])
