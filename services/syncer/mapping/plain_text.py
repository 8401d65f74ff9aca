"""HTML as one line of text."""

from __future__ import annotations

import html
import re
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset(
    {
        "address", "article", "aside", "blockquote", "br", "center", "dd", "details",
        "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1",
        "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol",
        "option", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot",
        "th", "thead", "title", "tr", "ul",
    }
)  # fmt: skip
_DROPPED: Final = frozenset({"script", "style"})
_ANY_TAG: Final = re.compile(r"<[^<>]*>")


class _Text(HTMLParser):
    """Collects what a reader sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._dropping = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag in _BLOCKS:
            self.seen.append(" ")
        elif tag in _DROPPED:
            self._dropping = tag

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag in _BLOCKS:
            self.seen.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.seen.append(" ")
        elif tag == self._dropping:
            self._dropping = ""

    def handle_data(self, data: str) -> None:
        if not self._dropping:
            self.seen.append(data)


@lru_cache(maxsize=16)  # the variants of a product share one description
def text_in(markup: str) -> str:
    """``markup`` without tags, scripts and styles, entities decoded, white space single. Total."""
    if "<" not in markup:
        return " ".join(html.unescape(markup).split())
    parser = _Text()
    try:
        parser.feed(markup)
        parser.close()
    except AssertionError:  # the parser's answer to some broken declarations (`<![x`)
        return " ".join(html.unescape(_ANY_TAG.sub(" ", markup)).split())
    return " ".join("".join(parser.seen).split())
