"""What people do in HubSpot's own pages, beside the API: records change without our asking."""

from collections.abc import Callable
from typing import Any

from sandbox.hubspot.account import Account
from sandbox.hubspot.catalogue import ASSOCIATION_TYPES
from sandbox.hubspot.inline import problem_with
from sandbox.hubspot.merging import merge
from sandbox.hubspot.objects import PATH_NAMES
from sandbox.hubspot.problems import Json, RefusedError, invalid, not_found, refusal
from sandbox.hubspot.records import MadeBy, Record
from sandbox.hubspot.shapes import record_json
from sandbox.hubspot.writing import apply, decided

VERSION = "people"


class People:
    """Actions by name; JSON keys are the parameters' names, records look as in the API."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def act(self, action: str, said: Json) -> Json:
        """Carry out an action of ``POST /_sandbox/people/{action}``."""
        actions: dict[str, Callable[..., Json]] = {
            "create": self.create,
            "native": self.native,
            "edit": self.edit,
            "archive": self.archive,
            "restore": self.restore,
            "merge": self.merge,
            "add-line-item": self.add_line_item,
            "associate": self.associate,
            "dissociate": self.dissociate,
        }
        if action not in actions:
            raise not_found(f"People can {', '.join(actions)}; not {action}")
        try:
            return actions[action](**said)
        except TypeError as error:
            raise invalid(str(error)) from error

    def create(
        self,
        object_type: str,
        properties: dict[str, Any],
        made_by: MadeBy = "person",
    ) -> Json:
        """Create a record by hand."""
        kind = _kind(object_type)
        row = decided(self.account, kind, properties, None, VERSION)
        if row.problems:
            raise refusal(row.problems)
        return self._shown(kind, apply(self.account, kind, row, made_by))

    def native(self, object_type: str, properties: dict[str, Any]) -> Json:
        """Create a record as HubSpot's own Shopify sync leaves it."""
        return self.create(object_type, properties, "native")

    def edit(self, object_type: str, record_id: str, properties: dict[str, Any]) -> Json:
        """Change properties of a record."""
        kind, record = self._record(object_type, record_id)
        row = decided(self.account, kind, properties, record, VERSION)
        if row.problems:
            raise refusal(row.problems)
        return self._shown(kind, apply(self.account, kind, row))

    def archive(self, object_type: str, record_id: str) -> Json:
        """Move a record to the recycle bin."""
        kind, record = self._record(object_type, record_id)
        self.account.archive(kind, record)
        return self._shown(kind, record)

    def restore(self, object_type: str, record_id: str) -> Json:
        """Bring a record back from the recycle bin."""
        kind, record = self._record(object_type, record_id)
        self.account.restore(kind, record)
        return self._shown(kind, record)

    def merge(self, object_type: str, primary: str, other: str) -> Json:
        """Merge ``other`` into ``primary``."""
        kind = _kind(object_type)
        return self._shown(kind, merge(self.account, kind, primary, other))

    def add_line_item(self, order: str, properties: dict[str, Any]) -> Json:
        """Add a line to an order by hand."""
        kind, parent = self._record("orders", order)
        shown = self.create("line_items", properties)
        type_id = ASSOCIATION_TYPES[kind, "line_items"]
        self.account.associations.associate((kind, parent.id), ("line_items", shown["id"]), type_id)
        return shown

    def associate(self, from_type: str, from_id: str, to_type: str, to_id: str) -> Json:
        """Associate two records."""
        one, other = (_kind(from_type), from_id), (_kind(to_type), to_id)
        type_id = ASSOCIATION_TYPES.get((one[0], other[0]))
        problem = problem_with(self.account, one, other, type_id)
        if problem is not None or type_id is None:
            raise refusal([problem]) if problem else RefusedError(400, "VALIDATION_ERROR", "")
        self.account.associations.associate(one, other, type_id)
        return {"from": from_id, "to": to_id, "type_id": type_id}

    def dissociate(self, from_type: str, from_id: str, to_type: str, to_id: str) -> Json:
        """Remove every association of two records."""
        one, other = (_kind(from_type), from_id), (_kind(to_type), to_id)
        self.account.associations.dissociate(one, other)
        return {"from": from_id, "to": to_id}

    def _record(self, said: str, record_id: str) -> tuple[str, Record]:
        kind = _kind(said)
        record = self.account.records[kind].found(record_id)
        if record is None:
            raise not_found(f"There is no {said} {record_id}")
        return kind, record

    def _shown(self, kind: str, record: Record) -> Json:
        return record_json(self.account, kind, record)


def _kind(said: str) -> str:
    kind = PATH_NAMES.get(said)
    if kind is None:
        raise not_found(f"There is no object type {said}")
    return kind
