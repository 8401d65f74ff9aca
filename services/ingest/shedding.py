"""Whether what came on a connection is one delivery, told without a parser. Pure.

What there is no time for must be refused for much less than taking it costs, or at twice the load
that can be taken nothing else gets done: to parse a delivery and begin with it is most of what it
costs. What is not told here is parsed; told is only what no parser could take for anything else.
"""

from __future__ import annotations

import re

# Lines that are headers (RFC 9112, 5), none of them folded.
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9a-z-]++:[\t\x20-\x7e\x80-\xff]*+\r\n)++")
# What frames the body otherwise, waits for something, or lets the answer end the connection.
_LEFT_TO_THE_PARSER = re.compile(
    rb"\r\n(?:transfer-encoding|expect|upgrade|proxy-connection|connection(?!: keep-alive\r\n))"
)
_LENGTH = re.compile(rb"\r\ncontent-length: ?(\d{1,9})\r\n")
_END = b"\r\n\r\n"


def is_one_request(data: bytes, first_line: bytes, most_header_bytes: int) -> bool:
    """Whether ``data`` is one request with this first line, its body and nothing else."""
    end = data.find(_END, len(first_line) - 2, most_header_bytes)
    if end < 0 or not data.startswith(first_line):
        return False
    head = data[: end + 2].lower()
    lengths = _LENGTH.findall(head)
    return (
        len(lengths) == head.count(b"\r\ncontent-length") == head.count(b"\r\nhost:") == 1
        and end + len(_END) + int(lengths[0]) == len(data)
        and _HEADERS.fullmatch(head, len(first_line)) is not None
        and _LEFT_TO_THE_PARSER.search(head) is None
    )
