"""The default mappings as tables: true to the catalogue, to the account, to HubSpot's types."""

from __future__ import annotations

import pytest

from services.shared.hubspot.account import PropertyInfo
from services.shared.hubspot.schema import CUSTOM_PROPERTIES, definition
from services.syncer.mapping.applying import compiled, properties_for
from services.syncer.mapping.converters import FROM_VALUE, FROM_VALUES
from services.syncer.mapping.defaults import CART_LINE_ITEMS, DEFAULTS
from services.syncer.mapping.rows import Dropped, Row
from tests.support.mapped_records import CONTEXT, TABLES, names_of, record


@pytest.mark.parametrize("mapping", DEFAULTS)
def test_every_row_reads_fields_of_the_catalogue_and_has_a_converter(mapping: str) -> None:
    own, parent = TABLES[mapping]
    for row in DEFAULTS[mapping]:
        assert row.converter in FROM_VALUE.keys() | FROM_VALUES.keys()
        assert row.sources or row.converter in FROM_VALUES
        for source in row.sources:
            table, name = (parent, source[7:]) if source.startswith("parent.") else (own, source)
            assert name in names_of(str(table)), source


@pytest.mark.parametrize("mapping", DEFAULTS)
def test_every_property_is_written_once(mapping: str) -> None:
    targets = [row.target for row in DEFAULTS[mapping]]

    assert len(targets) == len(set(targets))


@pytest.mark.parametrize("mapping", DEFAULTS)
def test_every_property_of_ours_is_in_the_group(mapping: str) -> None:
    hubspot_type = "line_items" if mapping == CART_LINE_ITEMS else mapping
    ours = {row.target for row in DEFAULTS[mapping] if row.target.startswith("shopify_")}

    assert ours == {each.name for each in CUSTOM_PROPERTIES[hubspot_type]}


def test_rows_the_account_cannot_take_are_dropped_and_named() -> None:
    rows = [
        Row(target=name, converter="text", sources=("note",))
        for name in ("there", "missing", "closed", "archived")
    ]
    schema = {
        "there": PropertyInfo(name="there"),
        "closed": PropertyInfo(name="closed", is_writable=False),
        "archived": PropertyInfo(name="archived", is_archived=True),
    }

    found = compiled(rows, schema)

    assert found.dropped == (
        Dropped(target="missing", reason="missing"),
        Dropped(target="closed", reason="read_only"),
        Dropped(target="archived", reason="missing"),
    )
    assert properties_for(record(note="x"), found, CONTEXT) == {"there": "x"}


@pytest.mark.parametrize(("is_unique", "expected"), [(True, {"hasUniqueValue": True}), (False, {})])
def test_a_definition_asks_for_uniqueness_only_where_it_may(
    *, is_unique: bool, expected: dict[str, bool]
) -> None:
    key = CUSTOM_PROPERTIES["orders"][0]

    assert definition(key, is_unique=is_unique) == {
        "name": "shopify_sync_key",
        "label": "Shopify sync key",
        "type": "string",
        "fieldType": "text",
        "groupName": "shopify",
        **expected,
    }
