"""What we remember of what was written."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.shared.hubspot.fingerprints import changed, fingerprint_of, merged

_PROPERTIES = st.dictionaries(st.text(max_size=6), st.text(max_size=8), max_size=12)


def test_a_property_takes_twelve_bytes() -> None:
    assert len(fingerprint_of({"email": "a@b.c", "firstname": ""})) == 24


def test_only_what_differs_or_is_new_has_changed() -> None:
    written = fingerprint_of({"email": "a@b.c", "firstname": "Ana", "city": ""})

    assert changed({"email": "a@b.c", "firstname": "Zoë", "zip": ""}, written) == {
        "firstname": "Zoë",
        "zip": "",
    }


def test_a_damaged_fingerprint_knows_nothing() -> None:
    assert changed({"email": "a"}, fingerprint_of({"email": "a"})[:-1]) == {"email": "a"}


@given(properties=_PROPERTIES)
def test_nothing_changed_against_itself(properties: dict[str, str]) -> None:
    assert changed(properties, fingerprint_of(properties)) == {}
    assert changed(properties, b"") == properties


@given(first=_PROPERTIES, second=_PROPERTIES)
def test_writing_what_changed_leaves_nothing_to_write(
    first: dict[str, str], second: dict[str, str]
) -> None:
    known = fingerprint_of(first)

    after = merged(known, changed(second, known))

    assert changed(second, after) == {}
    assert after == fingerprint_of({**first, **second})


@given(properties=_PROPERTIES, data=st.data())
def test_the_order_of_properties_does_not_matter(
    properties: dict[str, str], data: st.DataObject
) -> None:
    shuffled = dict(data.draw(st.permutations(list(properties.items()))))

    assert fingerprint_of(shuffled) == fingerprint_of(properties)


@given(properties=_PROPERTIES, garbage=st.binary(max_size=60))
def test_any_bytes_are_a_fingerprint(properties: dict[str, str], garbage: bytes) -> None:
    assert changed(properties, garbage).items() <= properties.items()


def test_of_two_names_with_one_hash_both_count_as_changed() -> None:
    # The first two of ``property_0``, ``property_1`` … whose hashes are the same.
    doubled = {"property_4425": "1", "property_51519": "1"}
    written = fingerprint_of({**doubled, "city": "Oslo"})

    assert changed({**doubled, "city": "Oslo"}, written) == doubled


def test_values_beyond_what_is_kept_have_their_hashes_too() -> None:
    many = [{"email": f"{number}@b.c"} for number in range(20_000)]

    known = [fingerprint_of(each) for each in many]

    assert len(set(known)) == len(many)
    assert all(changed(each, written) == {} for each, written in zip(many, known, strict=True))
