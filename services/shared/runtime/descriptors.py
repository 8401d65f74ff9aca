"""How many files and sockets a process may have open: as many as the system lets it have.

A shell or a service manager gives 1,024 unless told otherwise, for the sake of programs that use
``select``; what may be asked for is far more.
"""

from __future__ import annotations

import logging
import resource

from services.shared.runtime.logging import Action

log = logging.getLogger(__name__)


def allow_descriptors(count: int) -> None:
    """Let this process have ``count`` descriptors open, or as many as it may; never fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    if most < count:
        log.warning(
            "fewer connections can be open than are allowed",
            extra={"action": Action.FEW_DESCRIPTORS, "wanted": count, "most": most},
        )
