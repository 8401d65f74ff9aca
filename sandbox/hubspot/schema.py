"""An account's property definitions and groups of one object type, which differ per account."""

from dataclasses import dataclass, field
from typing import Any

from sandbox.hubspot.catalogue import (
    CURRENCIES,
    EXTERNAL_OPTIONS,
    FIELD_TYPES,
    GROUPS,
    OPTIONS,
    PROPERTIES,
)
from sandbox.hubspot.values import Definition, members


@dataclass(slots=True)
class Group:
    """A property group."""

    name: str
    label: str
    display_order: int = -1


@dataclass(slots=True)
class Schema:
    """Definitions by name: in use, and archived (restored when created again)."""

    properties: dict[str, Definition] = field(default_factory=dict)
    archived: dict[str, Definition] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def redefine(self, name: str, **changes: Any) -> Definition:
        """Change a definition as another account has it, say ``read_only=True``."""
        definition = self.properties[name]
        for attribute, value in changes.items():
            setattr(definition, attribute, value)
        return definition

    def remove(self, name: str) -> None:
        """Let the account lack a property."""
        self.properties.pop(name, None)

    @property
    def unique_names(self) -> list[str]:
        """The custom properties that hold unique values; at most ten are allowed."""
        return [
            each.name
            for each in (*self.properties.values(), *self.archived.values())
            if each.unique and not each.hubspot_defined
        ]

    @property
    def custom(self) -> list[Definition]:
        """What the account's people and apps have added."""
        return [each for each in self.properties.values() if not each.hubspot_defined]


def fresh_schema(object_type: str, created_at: str) -> Schema:
    """What a new account has for this object type."""
    group = GROUPS[object_type]
    schema = Schema(groups={group: Group(group, group.replace("_", " ").capitalize(), 0)})
    for name, kind in PROPERTIES[object_type].items():
        schema.properties[name] = _definition(name, kind, group, created_at)
    if object_type == "contacts":
        schema.properties["email"].unique = True
    return schema


def _definition(name: str, kind: str, group: str, created_at: str) -> Definition:
    type_ = kind.rstrip("!=")
    options = CURRENCIES if name.endswith("currency_code") else OPTIONS.get(name, ())
    if type_ == "bool":
        options = ("true", "false")
    return Definition(
        name=name,
        label=name.removeprefix("hs_").replace("_", " ").capitalize(),
        type=type_,
        field_type="calculation_equation" if kind.endswith("=") else FIELD_TYPES[type_],
        group=group,
        read_only=kind[-1] in "!=",
        calculated=kind.endswith("="),
        external_options=name in EXTERNAL_OPTIONS,
        options=members(options),
        created_at=created_at,
        updated_at=created_at,
    )
