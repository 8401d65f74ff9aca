"""Texts on their way to HubSpot: markup, length."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.syncer.mapping.applying import LONGEST, compiled, properties_for
from services.syncer.mapping.plain_text import text_in
from services.syncer.mapping.rows import Row
from tests.support.mapped_records import CONTEXT, record


def test_a_text_is_cut_at_the_limit_and_no_character_in_two() -> None:
    found = compiled([Row(target="note", converter="text", sources=("note",))], None)

    plain = properties_for(record(note="x" * (LONGEST + 5)), found, CONTEXT)["note"]
    wide = properties_for(record(note="x" + "\U0001f600" * LONGEST), found, CONTEXT)["note"]

    assert len(plain) == LONGEST
    assert wide.endswith("\U0001f600")
    assert len(wide.encode("utf-16-le")) == 2 * (LONGEST - 1)


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("plain &amp; simple", "plain & simple"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("a<br>b<br/>c", "a b c"),
        ("<style>p{}</style><b>x</b>y", "xy"),
        ("<script>if (a < b) {}</script>z", "z"),
        ("<ul><li>1</li>\n<li>2</li></ul>", "1 2"),
        ("a &lt; b", "a < b"),
        ("<![bad <p>x</p>", "<![bad x"),
        ("", ""),
    ],
)
def test_html_becomes_text(markup: str, expected: str) -> None:
    assert text_in(markup) == expected


@given(markup=st.text(alphabet="<>![]/&;-pbr script\"'x", max_size=60))
def test_any_html_becomes_one_line(markup: str) -> None:
    found = text_in(markup)

    assert found == " ".join(found.split())
