"""What the head of a request says: where it goes, and whether it names its host. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from urllib.parse import unquote

import httptools

# A path that is its own decoded form, and all there is of the URL, as nearly every one is.
_PLAIN_PATH = re.compile(rb"/[\w/.-]*", re.ASCII)


class Target(NamedTuple):
    """A URL as ASGI has it."""

    path: str
    raw_path: bytes
    query: bytes


def target_in(url: bytes) -> Target:
    """Where a request goes.

    Raises:
        httptools.HttpParserInvalidURLError: it is no URL of something on a server.
    """
    if _PLAIN_PATH.fullmatch(url):
        return Target(url.decode("ascii"), url, b"")
    parts = httptools.parse_url(url)
    return Target(unquote(parts.path.decode("ascii")), parts.path, parts.query or b"")


def names_its_host(
    headers: Sequence[tuple[bytes, bytes]], by_name: Mapping[bytes, bytes], version: str
) -> bool:
    """Whether there is one ``Host``, which only HTTP/1.0 may do without: RFC 9112, 3.2.

    Names are in lower case; ``by_name`` has the same headers, the last of each name.
    """
    hosts = int(b"host" in by_name)
    if len(by_name) < len(headers):  # some name is there twice
        hosts = sum(name == b"host" for name, _ in headers)
    return hosts == 1 or (hosts == 0 and version == "1.0")
