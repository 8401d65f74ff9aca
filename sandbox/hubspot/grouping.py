"""Property groups over the web."""

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Answer, Call, integer_in, optional_in, text_in
from sandbox.hubspot.problems import EXISTS, Json, RefusedError, invalid
from sandbox.hubspot.schema import Group


def list_groups(account: Account, call: Call) -> Answer:
    """Every group of an object type."""
    groups = account.schemas[call.object_type()].groups.values()
    return Answer(200, {"results": [group_json(each) for each in groups]})


def read_group(account: Account, call: Call) -> Answer:
    """One group; 404 for an unknown one."""
    return Answer(200, group_json(_the_group(account, call)))


def create_group(account: Account, call: Call) -> Answer:
    """Create a group; 409 when its name is taken."""
    groups = account.schemas[call.object_type()].groups
    body = call.json()
    name, label = text_in(body, "name"), text_in(body, "label")
    if name in groups:
        message = f"A property group named '{name}' already exists."
        raise RefusedError(409, EXISTS, message, subCategory="Properties.GROUP_WITH_NAME_EXISTS")
    group = groups[name] = Group(name, label, integer_in(body, "displayOrder", -1))
    return Answer(201, group_json(group))


def change_group(account: Account, call: Call) -> Answer:
    """Change a group's label or place."""
    group = _the_group(account, call)
    body = call.json()
    group.label = optional_in(body, "label") or group.label
    group.display_order = integer_in(body, "displayOrder", group.display_order)
    return Answer(200, group_json(group))


def archive_group(account: Account, call: Call) -> Answer:
    """Remove an empty group."""
    schema = account.schemas[call.object_type()]
    group = _the_group(account, call)
    if any(each.group == group.name for each in schema.properties.values()):
        raise invalid(f"Property group {group.name} still has properties")
    del schema.groups[group.name]
    return Answer(204)


def group_json(group: Group) -> Json:
    """A ``PropertyGroup`` of HubSpot's schema."""
    return {
        "name": group.name,
        "label": group.label,
        "displayOrder": group.display_order,
        "archived": False,
    }


def _the_group(account: Account, call: Call) -> Group:
    name = call.params["groupName"]
    group = account.schemas[call.object_type()].groups.get(name)
    if group is None:
        raise RefusedError(404, "OBJECT_NOT_FOUND", f"No property group named {name} exists")
    return group
