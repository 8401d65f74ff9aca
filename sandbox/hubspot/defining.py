"""Properties and groups over the web.

https://developers.hubspot.com/docs/api-reference/latest/crm/properties
"""

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import (
    Answer,
    Call,
    integer_in,
    not_served,
    objects_in,
    optional_in,
    text_in,
)
from sandbox.hubspot.clock import stamp
from sandbox.hubspot.problems import EXISTS, Json, Problem, RefusedError, RowError, invalid
from sandbox.hubspot.schema import Schema
from sandbox.hubspot.shapes import batch_answer, batch_status
from sandbox.hubspot.values import Definition, members

TYPES = frozenset({"bool", "date", "datetime", "enumeration", "number", "phone_number", "string"})
FIELD_TYPES = frozenset(
    {
        "booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number",
        "phonenumber", "radio", "select", "text", "textarea",
    }
)  # fmt: skip

PLAIN = "non_sensitive"
SENSITIVITIES = (PLAIN, "sensitive", "highly_sensitive")

# JSON name -> attribute and type, of what a PATCH may change.
CHANGEABLE: dict[str, tuple[str, type]] = {
    "label": ("label", str),
    "type": ("type", str),
    "fieldType": ("field_type", str),
    "groupName": ("group", str),
    "description": ("description", str),
    "displayOrder": ("display_order", int),
    "hidden": ("hidden", bool),
    "formField": ("form_field", bool),
    "calculationFormula": ("formula", str),
}


def list_properties(account: Account, call: Call) -> Answer:
    """Every definition of an object type."""
    schema = account.schemas[call.object_type()]
    chosen = schema.archived if call.is_true("archived") else schema.properties
    return Answer(200, {"results": [property_json(each) for each in chosen.values()]})


def read_property(account: Account, call: Call) -> Answer:
    """One definition; 404 for an unknown one."""
    schema = account.schemas[call.object_type()]
    chosen = schema.archived if call.is_true("archived") else schema.properties
    definition = chosen.get(call.params["propertyName"])
    if definition is None:
        raise _no_property(call.params["propertyName"])
    return Answer(200, property_json(definition))


def create_property(account: Account, call: Call) -> Answer:
    """Create a definition; an archived name is restored by it."""
    return Answer(201, property_json(_created(account, call.object_type(), call.json())))


def create_properties(account: Account, call: Call) -> Answer:
    """Create several definitions; each that is refused is an error beside the others."""
    object_type = call.object_type()
    results, errors = [], []
    for each in call.inputs(call.json()):
        try:
            results.append(property_json(_created(account, object_type, each)))
        except RefusedError as error:
            errors.append(_as_row(error, str(each.get("name"))))
    success = 200 if call.version == "2026-09" else 201
    status = batch_status(account, call.version, success, failures=bool(errors))
    return Answer(status, batch_answer(account, results, errors))


def read_properties(account: Account, call: Call) -> Answer:
    """Several definitions by name."""
    schema = account.schemas[call.object_type()]
    body = call.json()
    _check_sensitivity(body)
    chosen = schema.archived if body.get("archived") else schema.properties
    results, errors = [], []
    for each in call.inputs(body):
        name = text_in(each, "name")
        if name in chosen:
            results.append(property_json(chosen[name]))
        else:
            errors.append(_as_row(_no_property(name), name))
    status = batch_status(account, call.version, 200, failures=bool(errors))
    return Answer(status, batch_answer(account, results, errors))


def archive_property(account: Account, call: Call) -> Answer:
    """Archive a custom definition; HubSpot's own stay."""
    _archived(account, call.object_type(), call.params["propertyName"])
    return Answer(204)


def archive_properties(account: Account, call: Call) -> Answer:
    """Archive several custom definitions."""
    object_type = call.object_type()
    for each in call.inputs(call.json()):
        if text_in(each, "name") in account.schemas[object_type].properties:
            _archived(account, object_type, each["name"])
    return Answer(204)


def change_property(account: Account, call: Call) -> Answer:
    """Change a definition. ``options`` replaces the whole list; without it, it is kept."""
    object_type = call.object_type()
    definition = account.schemas[object_type].properties.get(call.params["propertyName"])
    if definition is None:
        raise _no_property(call.params["propertyName"])
    body = call.json()
    if "hasUniqueValue" in body and body["hasUniqueValue"] != definition.unique:
        raise invalid("hasUniqueValue cannot be changed after a property has been created")
    if definition.hubspot_defined:
        raise invalid(f"{definition.name} is defined by HubSpot and cannot be changed")
    _check_kinds(account.schemas[object_type], body, required=False)
    for name, (attribute, kind) in CHANGEABLE.items():
        if name in body:
            if type(body[name]) is not kind:
                raise invalid(f"{name} must be of type {kind.__name__}")
            setattr(definition, attribute, body[name])
    if "options" in body:
        definition.options = _options(body)
    definition.updated_at = stamp(account.now())
    return Answer(200, property_json(definition))


def property_json(definition: Definition) -> Json:
    """A ``Property`` of HubSpot's schema."""
    known = definition.hubspot_defined
    answer: Json = {
        "name": definition.name,
        "label": definition.label,
        "type": definition.type,
        "fieldType": definition.field_type,
        "description": definition.description,
        "groupName": definition.group,
        "options": list(definition.options.values()),
        "displayOrder": definition.display_order,
        "calculated": definition.calculated,
        "externalOptions": definition.external_options,
        "hasUniqueValue": definition.unique,
        "hidden": definition.hidden,
        "hubspotDefined": known,
        "modificationMetadata": {
            "archivable": not known,
            "readOnlyDefinition": known,
            "readOnlyOptions": known,
            "readOnlyValue": definition.read_only,
        },
        "formField": definition.form_field,
        "dataSensitivity": PLAIN,
        "archived": definition.archived_at is not None,
        "createdAt": definition.created_at,
        "updatedAt": definition.updated_at,
    }
    if definition.archived_at is not None:
        answer["archivedAt"] = definition.archived_at
    if definition.formula is not None:
        answer["calculationFormula"] = definition.formula
    return answer


def _created(account: Account, object_type: str, body: Json) -> Definition:
    schema = account.schemas[object_type]
    name = text_in(body, "name")
    if name in schema.properties:
        message = f"A property named '{name}' already exists."
        raise RefusedError(409, EXISTS, message, subCategory="Properties.PROPERTY_WITH_NAME_EXISTS")
    _check_kinds(schema, body, required=True)
    _check_sensitivity(body)
    not_served(referencedObjectType=body.get("referencedObjectType"))
    if not name.replace("_", "").isalnum() or name != name.lower() or not name[0].isalpha():
        raise invalid(f"{name} is not a valid property name")
    archived = schema.archived.pop(name, None)
    if archived is not None:
        archived.archived_at = None
        archived.updated_at = stamp(account.now())
        schema.properties[name] = archived
        return archived
    if len(schema.custom) >= account.switches.custom_property_limit:
        raise invalid("The limit of custom properties for this object type has been reached")
    unique = bool(body.get("hasUniqueValue"))
    if unique:
        _check_unique(account, object_type, body)
    definition = schema.properties[name] = _definition(body, stamp(account.now()))
    if unique:
        account.records[object_type].index(name)
    return definition


def _check_kinds(schema: Schema, body: Json, *, required: bool) -> None:
    """The words of a definition: present where required, and known."""
    for name in ("label", "type", "fieldType", "groupName"):
        if required or name in body:
            text_in(body, name)
    if text_in({"type": "string"} | body, "type") not in TYPES:
        raise invalid(f"{body['type']} is not a property type")
    if text_in({"fieldType": "text"} | body, "fieldType") not in FIELD_TYPES:
        raise invalid(f"{body['fieldType']} is not a field type")
    if "groupName" in body and text_in(body, "groupName") not in schema.groups:
        raise invalid(f"Property group {body['groupName']} does not exist")
    if required and body["type"] == "enumeration" and body.get("options") is None:
        raise invalid("options are required")


def _check_sensitivity(body: Json) -> None:
    """Sensitive data is kept apart by HubSpot, which is not simulated."""
    said = optional_in(body, "dataSensitivity") or PLAIN
    if said not in SENSITIVITIES:
        raise invalid(f"{said} is not a data sensitivity")
    not_served(dataSensitivity=said != PLAIN)


def _check_unique(account: Account, object_type: str, body: Json) -> None:
    if object_type not in account.switches.unique_properties:
        raise invalid(f"Unique properties are not supported for {object_type}")
    if body["type"] not in {"string", "number"}:
        raise invalid("Only text and number properties can hold unique values")
    most = account.switches.unique_property_limit
    if len(account.schemas[object_type].unique_names) >= most:
        raise invalid(f"At most {most} unique properties are allowed per object type")


def _definition(body: Json, moment: str) -> Definition:
    field_type = body["fieldType"]
    return Definition(
        name=text_in(body, "name"),
        label=text_in(body, "label"),
        type=body["type"],
        field_type=field_type,
        group=body["groupName"],
        read_only=field_type == "calculation_equation",
        calculated=field_type == "calculation_equation",
        unique=bool(body.get("hasUniqueValue")),
        hubspot_defined=False,
        description=optional_in(body, "description") or "",
        display_order=integer_in(body, "displayOrder", -1),
        hidden=bool(body.get("hidden")),
        form_field=bool(body.get("formField")),
        external_options=bool(body.get("externalOptions")),
        options=_options(body) or members(("true", "false") if body["type"] == "bool" else ()),
        formula=optional_in(body, "calculationFormula"),
        created_at=moment,
        updated_at=moment,
    )


def _options(body: Json) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for place, each in enumerate(objects_in(body, "options")):
        value = text_in(each, "value")
        if value in found:
            raise invalid(f"option {value} is given twice")
        found[value] = {
            "label": text_in(each, "label"),
            "value": value,
            "displayOrder": integer_in(each, "displayOrder", place),
            "hidden": bool(each.get("hidden")),
            "description": optional_in(each, "description") or "",
        }
    return found


def _archived(account: Account, object_type: str, name: str) -> None:
    schema = account.schemas[object_type]
    definition = schema.properties.get(name)
    if definition is None:
        raise _no_property(name)
    if definition.hubspot_defined:
        raise invalid(f"{name} is defined by HubSpot and cannot be archived")
    definition.archived_at = stamp(account.now())
    schema.archived[name] = schema.properties.pop(name)


def _no_property(name: str) -> RefusedError:
    return RefusedError(404, "OBJECT_NOT_FOUND", f"No property named {name} exists")


def _as_row(error: RefusedError, name: str) -> RowError:
    problem = Problem(message=str(error), category=str(error.body["category"]), status=error.status)
    return RowError(problems=(problem,), context={"name": [name]})
