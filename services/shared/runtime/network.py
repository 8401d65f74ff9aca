"""What a failure of the network means: surely not sent, perhaps applied, or our mistake."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import httpx

from services.shared.contract.errors import (
    OursToFixError,
    OutcomeUnknownError,
    SyncError,
    WorldAtFaultError,
)

_MEANINGS: Mapping[type[httpx.RequestError], type[SyncError]] = MappingProxyType(
    {
        # No byte of the request has left: it is safe to send it again, whatever it does.
        httpx.ConnectError: WorldAtFaultError,
        httpx.ConnectTimeout: WorldAtFaultError,
        httpx.PoolTimeout: WorldAtFaultError,
        httpx.ProxyError: WorldAtFaultError,
        # Something may have arrived, and the other side may have acted on it.
        httpx.ReadError: OutcomeUnknownError,
        httpx.ReadTimeout: OutcomeUnknownError,
        httpx.WriteError: OutcomeUnknownError,
        httpx.WriteTimeout: OutcomeUnknownError,
        httpx.CloseError: OutcomeUnknownError,
        httpx.RemoteProtocolError: OutcomeUnknownError,
        httpx.DecodingError: OutcomeUnknownError,
        httpx.TooManyRedirects: OutcomeUnknownError,
        # A setting or a bug: no repetition helps.
        httpx.UnsupportedProtocol: OursToFixError,
        httpx.LocalProtocolError: OursToFixError,
    }
)


def network_problem(error: httpx.RequestError) -> SyncError:
    """The meaning of ``error`` for the call that met it, with the host that was called.

    Its text is dropped, it may quote a URL. A class not known yet counts as "may have been
    applied", the only safe guess.
    """
    meaning = next(
        (_MEANINGS[each] for each in type(error).__mro__ if each in _MEANINGS),
        OutcomeUnknownError,
    )
    return meaning(f"network_{type(error).__name__}", detail=_called(error))


def _called(error: httpx.RequestError) -> str:
    """The host, and the port if it is not the usual one; never the path or the query."""
    try:
        return error.request.url.netloc.decode("ascii")
    except RuntimeError:  # httpx: an error that met no request
        return ""
