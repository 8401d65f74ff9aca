"""What one HubSpot account makes of our mapping: rows it takes, its stages, what it can do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.shared.contract.records import Record
from services.shared.contract.topics import ObjectType
from services.shared.hubspot.schema import AccountSchema
from services.syncer import plans
from services.syncer.applying import Abilities
from services.syncer.mapping.applying import CompiledRows, compiled, properties_for
from services.syncer.mapping.defaults import CART_LINE_ITEMS, DEFAULTS, GUEST_CONTACT
from services.syncer.mapping.people import person_in
from services.syncer.mapping.rows import Context
from services.syncer.mapping.stages import Stages, stages_in

_NATURAL_TYPES = {CART_LINE_ITEMS: plans.LINE_ITEMS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account as read at the start: how records become its properties."""

    rows: Mapping[str, CompiledRows]
    stages: Stages
    currencies: frozenset[str]
    abilities: Abilities

    def mapped(
        self, object_type: str, shop: str, record: Record, parent: Record | None
    ) -> dict[str, str]:
        """The properties of ``record`` as ``object_type``; see ``planning.Mapped``."""
        if object_type == plans.GUESTS:
            person = person_in(record)
            if person is None:
                return {}
            record = person
        elif parent is not None and parent.kind == ObjectType.CHECKOUTS:
            object_type = CART_LINE_ITEMS
        context = Context(
            shop=shop,
            stages=self.stages,
            currencies=self.currencies,
            parent=parent.fields if parent else {},
        )
        return properties_for(record, self.rows[object_type], context)


def account_for(schema: AccountSchema, line_item_links: Mapping[str, int]) -> Account:
    """The account that ``schema`` describes."""
    rows = {
        name: compiled(each, schema.writable(_NATURAL_TYPES.get(name, name)))
        for name, each in DEFAULTS.items()
    }
    rows[plans.GUESTS] = compiled(GUEST_CONTACT, schema.writable(plans.CONTACTS))
    keyed = frozenset(name for name, is_unique in schema.unique_key.items() if is_unique)
    return Account(
        rows=rows,
        stages=stages_in(schema.order_pipelines),
        currencies=schema.currencies,
        abilities=Abilities(
            # Contacts are found by email; a line item is created with what it hangs on.
            keyed={*keyed} - {plans.CONTACTS, plans.LINE_ITEMS},
            line_item_links=line_item_links,
        ),
    )
