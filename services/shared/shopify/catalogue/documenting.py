"""The catalogue as a page to read: ``docs/fields.md``."""

from __future__ import annotations

from services.shared.shopify.catalogue.fields import Field, Place
from services.shared.shopify.catalogue.kinds import CATALOGUE

_HEAD = """# The fields we know

Every field of a Shopify record that is read, where it stands in a webhook's body and where in a GraphQL node. From the same tables come the parsers and the queries. A dash means that it is not there, *derived* that it is made from several fields; what HubSpot shows of it is in the [behaviour](behaviour.md) and in `services/syncer/mapping/defaults.py`.
"""  # noqa: E501 - a paragraph of the page is one line


def page() -> str:
    """One table for each kind and each kind of part, as Markdown."""
    tables = [_HEAD]
    for kind in CATALOGUE.values():
        tables.append(_table(kind.name.capitalize(), kind.fields))
        if kind.parts:
            title = f"{kind.parts.name.replace('_', ' ').capitalize()} of {kind.name}"
            tables.append(_table(title, kind.parts.fields))
    return "\n".join(tables)


def _table(title: str, fields: tuple[Field, ...]) -> str:
    head = f"## {title}\n\n| field | is | type | webhook | GraphQL |\n|---|---|---|---|---|\n"
    return head + "".join(
        f"| `{each.name}` | {each.label} | {each.type} "
        f"| {_shown(each.body)} | {_shown(each.node)} |\n"
        for each in fields
    )


def _shown(place: Place | None) -> str:
    if place is None:
        return "-"
    return f"`{place.path}`" if place.path else "derived"
