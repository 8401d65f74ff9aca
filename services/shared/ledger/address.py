"""The ledger's address, and which of it may be shown to people."""

from __future__ import annotations

from urllib.parse import urlsplit

from services.shared.ledger.sqlite import path_in

EXPECTED = (
    "must be sqlite:///FILE (an absolute path has four slashes) or "
    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
)
_FILES = frozenset({"sqlite", "sqlite+aiosqlite"})
_SERVERS = frozenset({"postgresql", "postgres", "postgresql+asyncpg"})
_PORT = 5432


def check(url: str) -> None:
    """Refuse what is no ledger's address.

    Raises:
        ValueError: it is neither kind; the message quotes nothing.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "sqlite" and not rest.startswith("//"):
        is_known = bool(rest)
    elif scheme in _FILES:
        is_known = bool(path_in(url))
    else:
        is_known = scheme in _SERVERS and rest.startswith("//") and bool(_hosts(url))
    if not is_known:
        raise ValueError(EXPECTED)


def place_of(url: str) -> str:
    """Where ``url`` leads: a file, or hosts with their ports; without user and password."""
    scheme = url.partition(":")[0]
    if scheme == "sqlite" and not url.startswith("sqlite://"):
        return url.partition(":")[2]
    return path_in(url) if scheme in _FILES else ", ".join(_hosts(url))


def _hosts(url: str) -> list[str]:
    """The hosts with their ports; none if one of them is not to be understood."""
    try:
        parts = urlsplit(url)
        names = [each for each in parts.netloc.rpartition("@")[2].split(",") if each]
        return [_host(each) for each in names] or ["a socket of this machine"]
    except ValueError:
        return []


def _host(text: str) -> str:
    found = urlsplit(f"//{text}")
    host = f"[{found.hostname}]" if ":" in (found.hostname or "") else found.hostname
    # Read here, not where the driver would fail of it.
    return f"{host}:{found.port or _PORT}"
