from __future__ import annotations

import pytest

from sandbox.expected.forms import FORMS, IN_THE_ACCOUNT
from sandbox.expected.tables import NAMES, tables
from sandbox.hubspot.catalogue import PROPERTIES

OURS = "shopify_"
FORBIDDEN = {"hs_external_id", "hs_closed_date", "amount", "hs_product_classification"} | {
    "hs_bundle_type",
    "hs_product_type",
    "hs_is_canceled",
    "hs_is_closed",
}
ABSENT = {"blank", "never", "left out", "no contact", "0", "open", "abandoned", "Unfulfilled"}


def kind_of(table: str) -> str:
    return "line_items" if table == "cart_line_items" else table


@pytest.mark.parametrize("name", NAMES)
def test_each_property_stands_in_its_table_once(name: str) -> None:
    properties = [row.property for row in tables()[name]]

    assert len(properties) == len(set(properties))
    assert properties


@pytest.mark.parametrize("name", NAMES)
def test_each_row_has_a_known_form_a_source_and_a_fact(name: str) -> None:
    for row in tables()[name]:
        assert row.form in FORMS, row
        assert row.source, row
        assert row.when_absent in ABSENT, row
        assert row.fact.split()[0] in {"hubspot", "shopify"}, row


@pytest.mark.parametrize("name", NAMES)
def test_each_property_is_hubspots_own_and_writable_or_ours(name: str) -> None:
    known = PROPERTIES[kind_of(name)]
    for row in tables()[name]:
        if not row.property.startswith(OURS):
            assert row.property in known, row
            assert not known[row.property].endswith(("!", "=")), row
            assert row.property not in FORBIDDEN, row


def test_each_form_is_used() -> None:
    used = {row.form for table in tables().values() for row in table}

    assert used == set(FORMS)
    assert set(IN_THE_ACCOUNT) < used


def test_each_object_carries_the_key() -> None:
    for name, table in tables().items():
        assert any(row.property == "shopify_sync_key" for row in table), name
