"""How the account behaves where accounts differ, or where nobody knows: both ways.

Set by ``PUT /_sandbox/faults`` under ``"switches"``, in process as attributes. The defaults are
what a client may build on meanwhile; each other value is what it must survive.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

import orjson
from pydantic import TypeAdapter

from sandbox.hubspot.objects import OBJECT_TYPES


def _every_type() -> list[str]:
    return list(OBJECT_TYPES)


@dataclass(slots=True, kw_only=True)
class Switches:
    """Each attribute's comment says what it decides.

    ``unique_properties``: object types on which custom unique properties may be created.
    ``custom_id_properties``: object types whose custom unique properties work as ``idProperty``.
    ``partial_email_upserts``: an upsert by email that leaves out what the contact holds is refused
    or applied.
    ``partial_failure_status``: the status of a batch with row errors; None: 207, except that
    2026-09 answers its ordinary code.
    ``rows_fail_batches``: update and upsert fail whole by one bad row, naming only the first.
    ``conflicts_fail_batches``: a taken unique value answers 409 for the whole batch.
    ``archived_blocks_unique``: an archived record keeps its unique values.
    ``epoch_only``: datetime properties that refuse ISO 8601.
    ``inactive_currency_refused``: orders and carts refuse a currency the account lacks.
    ``merge_makes_new_id``: a merge ends in a third record id instead of the primary's.
    ``search_lag_seconds``: how long a write stays unseen by search.
    ``custom_property_limit``, ``unique_property_limit``: per object type.
    ``additional_pipelines``: whether the subscription allows further pipelines.
    ``association_caps``: ``"orders>line_items"`` to how many an admin allows.
    ``association_limit``: inputs of one typed batch of associations.
    ``required_on_create``, ``required_when``: an admin's rules, kept by 2026-09 only:
    object type to names; object type to ``[property, value, required property]``.
    ``contacts_become_marketing``: whether contacts an app creates are marketing contacts.
    """

    unique_properties: list[str] = field(default_factory=_every_type)
    custom_id_properties: list[str] = field(default_factory=_every_type)
    partial_email_upserts: Literal["refused", "applied"] = "refused"
    partial_failure_status: int | None = None
    rows_fail_batches: bool = False
    conflicts_fail_batches: bool = True
    archived_blocks_unique: bool = True
    epoch_only: list[str] = field(default_factory=list)
    inactive_currency_refused: bool = True
    merge_makes_new_id: bool = False
    search_lag_seconds: float = 0.0
    custom_property_limit: int = 1000
    unique_property_limit: int = 10
    additional_pipelines: bool = True
    association_caps: dict[str, int] = field(default_factory=dict)
    association_limit: int = 2000
    required_on_create: dict[str, list[str]] = field(default_factory=dict)
    required_when: dict[str, list[list[str]]] = field(default_factory=dict)
    contacts_become_marketing: bool = False

    def set(self, said: dict[str, Any]) -> None:
        """Set several by name; ``ValueError``, and nothing set, for what is no switch or value."""
        unknown = set(said) - {each.name for each in fields(self)}
        if unknown:
            raise ValueError(f"there is no switch {', '.join(sorted(unknown))}")
        checked = _SWITCHES.validate_json(orjson.dumps(said), strict=True)
        for name in said:
            setattr(self, name, getattr(checked, name))


_SWITCHES = TypeAdapter(Switches)
