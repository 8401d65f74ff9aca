"""Associations given with a new record, and the rules every association keeps."""

from dataclasses import dataclass

from sandbox.hubspot.account import Account
from sandbox.hubspot.associations import PARENTS
from sandbox.hubspot.calls import object_in, objects_in, text_in
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.problems import NOT_FOUND, Json, Problem, invalid

CATEGORIES = ("HUBSPOT_DEFINED", "INTEGRATOR_DEFINED", "USER_DEFINED", "WORK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An association to be: the other end and its type."""

    to_type: str
    to_id: str
    type_id: int


def links_in(account: Account, object_type: str, given: Json) -> tuple[list[Link], Problem | None]:
    """The associations of an input for create, or why they are refused."""
    links = []
    for each in objects_in(given, "associations"):
        to_id = str(object_in(each, "to").get("id", ""))
        for spec in objects_in(each, "types"):
            type_id = type_in(account, spec)
            to_type = _other_end(account, object_type, type_id)
            if to_type is None or type_id is None:
                return [], wrong_type(object_type, spec["associationTypeId"])
            problem = _absent(account, to_type, to_id)
            if problem is not None:
                return [], problem
            links.append(Link(to_type=to_type, to_id=to_id, type_id=type_id))
    parents = {(each.to_type, each.to_id) for each in links if each.to_type in PARENTS}
    if object_type == "line_items" and len(parents) > 1:
        return [], second_parent("the new line item", parents.pop())
    for link in links:
        if object_type in PARENTS and link.to_type == "line_items":
            parent = live_parent(account, link.to_id)
            if parent is not None:
                return [], second_parent(link.to_id, parent)
    return links, None


def type_in(account: Account, spec: Json) -> int | None:
    """The type id an ``AssociationSpec`` names; None if its category has no such type."""
    type_id, category = spec.get("associationTypeId"), text_in(spec, "associationCategory")
    if isinstance(type_id, bool) or not isinstance(type_id, int):
        raise invalid("associationTypeId must be an integer")
    if category not in CATEGORIES:
        raise invalid(f"{category} is not an association category")
    return type_id if category == account.associations.category(type_id) else None


def associated(account: Account, object_type: str, record_id: str, links: list[Link]) -> None:
    """Carry out checked links of a new record."""
    for each in links:
        account.associations.associate(
            (object_type, record_id), (each.to_type, each.to_id), each.type_id
        )


def problem_with(
    account: Account, one: tuple[str, str], other: tuple[str, str], type_id: int | None
) -> Problem | None:
    """Why two records may not be associated, or None."""
    if type_id is None or account.associations.inverse(one[0], other[0], type_id) is None:
        return wrong_type(one[0], type_id, other[0])
    for kind, record_id in (one, other):
        problem = _absent(account, kind, record_id)
        if problem is not None:
            return problem
    for child, parent in ((one, other), (other, one)):
        if child[0] == "line_items" and parent[0] in PARENTS:
            held = live_parent(account, child[1])
            if held is not None and held != parent:
                return second_parent(child[1], held)
    return _over_cap(account, one, other)


def live_parent(account: Account, line_item_id: str) -> tuple[str, str] | None:
    """The order or cart outside the recycle bin that holds a line item."""
    for parent in PARENTS:
        for record_id in account.associations.of("line_items", line_item_id, parent):
            record = account.records[parent].by_id.get(record_id)
            if record is not None and not record.archived:
                return parent, record_id
    return None


def _over_cap(account: Account, one: tuple[str, str], other: tuple[str, str]) -> Problem | None:
    cap = account.switches.association_caps.get(f"{one[0]}>{other[0]}")
    held = account.associations.of(*one, other[0])
    if cap is None or other[1] in held or len(held) < cap:
        return None
    message = f"{one[0]} {one[1]} cannot have more than {cap} associations with {other[0]}"
    return Problem(message=message, code="ASSOCIATION_LIMIT_EXCEEDED", ids=(one[1],))


def _other_end(account: Account, object_type: str, type_id: int | None) -> str | None:
    for to_type in OBJECT_TYPES:
        if type_id is not None and account.associations.inverse(object_type, to_type, type_id):
            return to_type
    return None


def _absent(account: Account, object_type: str, record_id: str) -> Problem | None:
    record = account.records[object_type].found(record_id)
    if record is not None and not record.archived:
        return None
    message = f"No {object_type} with ID {record_id} exists"
    return Problem(message=message, category=NOT_FOUND, status=404, ids=(record_id,))


def wrong_type(from_type: str, type_id: object, to_type: str = "") -> Problem:
    """The refusal of a type the pair does not have; products have none with anything."""
    target = f" to {to_type}" if to_type else ""
    message = f"Association type {type_id} from {from_type}{target} does not exist"
    return Problem(message=message, code="INVALID_ASSOCIATION_TYPE")


def second_parent(line_item: str, parent: tuple[str, str]) -> Problem:
    """A line item belongs to one parent: products guide."""
    message = f"Line item {line_item} already belongs to {parent[0]} {parent[1]}"
    return Problem(message=message, code="LINE_ITEM_ALREADY_ASSOCIATED")
