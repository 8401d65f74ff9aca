"""Associations over the web: default and typed, single and in batches, v4 and dated.

https://developers.hubspot.com/docs/api-reference/latest/crm/associations
"""

from sandbox.hubspot.account import Account
from sandbox.hubspot.calls import Answer, Call, object_in, objects_in, optional_in, text_in
from sandbox.hubspot.identity import missing
from sandbox.hubspot.inline import problem_with, type_in, wrong_type
from sandbox.hubspot.objects import OBJECT_TYPES
from sandbox.hubspot.problems import Json, Problem, RowError, invalid, refusal
from sandbox.hubspot.shapes import batch_answer, batch_status

READ_MOST = 1000
ARCHIVE_MOST = 100
PAGE_MOST = 500
DATED_WITHOUT_201 = "2026-09"

End = tuple[str, str]


def associate_default(account: Account, call: Call) -> Answer:
    """One unlabelled association, no type id needed."""
    one, other = _ends(account, call)
    type_id = account.associations.default_type(one[0], other[0])
    problem = problem_with(account, one, other, type_id)
    if problem is not None:
        raise refusal([problem])
    return Answer(200, batch_answer(account, _defaults(account, one, other)))


def associate_defaults(account: Account, call: Call) -> Answer:
    """Unlabelled associations, up to 2,000; bad ones are errors beside the good."""
    here, there = call.object_type("fromObjectType"), call.object_type("toObjectType")
    results: list[Json] = []
    errors = []
    for each in call.inputs(call.json(), account.switches.association_limit):
        one, other = _pair_in(account, each, here, there)
        type_id = account.associations.default_type(here, there)
        problem = problem_with(account, one, other, type_id)
        if problem is None:
            results += _defaults(account, one, other)
        else:
            errors.append(_row_error(each, problem))
    return Answer(200, batch_answer(account, results, errors))


def associate_typed(account: Account, call: Call) -> Answer:
    """One association with the types given."""
    one, other = _ends(account, call)
    specs = objects_in({"types": call.parsed()}, "types")
    if not specs:
        raise invalid("a list of association types is expected")
    types = [type_in(account, each) for each in specs]
    for type_id in types:
        problem = problem_with(account, one, other, type_id)
        if problem is not None or type_id is None:
            raise refusal([problem or wrong_type(one[0], None, other[0])])
        account.associations.associate(one, other, type_id)
    return Answer(201, _labels_between(account, one, other))


def associate_batch(account: Account, call: Call) -> Answer:
    """Typed associations; up to 2,000 inputs."""
    here, there = call.object_type("fromObjectType"), call.object_type("toObjectType")
    results, errors = [], []
    for each in call.inputs(call.json(), account.switches.association_limit):
        one, other = _pair_in(account, each, here, there)
        types = [type_in(account, spec) for spec in objects_in(each, "types")]
        problems = [problem_with(account, one, other, type_id) for type_id in types]
        problem = next((found for found in problems if found), None)
        if problem is not None or not types:
            errors.append(_row_error(each, problem or wrong_type(here, None, there)))
            continue
        for type_id in types:
            account.associations.associate(one, other, type_id or 0)
        results.append(_labels_between(account, one, other))
    success = 200 if call.version == DATED_WITHOUT_201 else 201
    status = batch_status(account, call.version, success, failures=bool(errors))
    return Answer(status, batch_answer(account, results, errors))


def read_associations(account: Account, call: Call) -> Answer:
    """What up to 1,000 records are associated with; records without any are one error each."""
    here, there = call.object_type("fromObjectType"), call.object_type("toObjectType")
    results, errors = [], []
    for each in call.inputs(call.json(), READ_MOST):
        said = text_in(each, "id")
        record = account.records[here].found(said)
        found = _associated(account, (record.id if record else said, here), there)
        if found:
            page, paging = _page(found, _after_in(each), PAGE_MOST)
            results.append({"from": {"id": said}, "to": page, **paging})
        else:
            message = f"No {there} is associated with {here} {said}."
            errors.append(_no_association(message, said))
    status = batch_status(account, call.version, 200, failures=bool(errors))
    return Answer(status, batch_answer(account, results, errors))


def list_associations(account: Account, call: Call) -> Answer:
    """A page of one record's associations, up to 500."""
    here, there = call.object_type(), call.object_type("toObjectType")
    record = account.records[here].found(call.params["objectId"])
    if record is None or record.archived:
        raise refusal([missing(here, call.params["objectId"])])
    limit = call.integer("limit", PAGE_MOST)
    if not 0 < limit <= PAGE_MOST:
        raise invalid(f"limit must be between 1 and {PAGE_MOST}")
    found = _associated(account, (record.id, here), there)
    page, paging = _page(found, call.integer("after", 0), limit)
    return Answer(200, {"results": page, **paging})


def archive_one(account: Account, call: Call) -> Answer:
    """Remove every association of two records."""
    account.associations.dissociate(*_ends(account, call))
    return Answer(204)


def archive_associations(account: Account, call: Call) -> Answer:
    """Remove every association of pairs of records, from up to 100 different records."""
    here, there = call.object_type("fromObjectType"), call.object_type("toObjectType")
    inputs = call.inputs(call.json(), account.switches.association_limit)
    froms = {str(object_in(each, "from").get("id")) for each in inputs}
    if len(froms) > ARCHIVE_MOST:
        raise invalid(f"At most {ARCHIVE_MOST} distinct from objects are allowed")
    for each in inputs:
        one = (here, text_in(object_in(each, "from"), "id"))
        for target in objects_in(each, "to"):
            account.associations.dissociate(one, (there, text_in(target, "id")))
    return _void(account, call)


def archive_labels(account: Account, call: Call) -> Answer:
    """Remove the types given; the unlabelled one takes the labels with it."""
    here, there = call.object_type("fromObjectType"), call.object_type("toObjectType")
    for each in call.inputs(call.json(), account.switches.association_limit):
        one, other = _pair_in(account, each, here, there)
        for spec in objects_in(each, "types"):
            account.associations.unlabel(one, other, type_in(account, spec) or 0)
    return _void(account, call)


def list_labels(account: Account, call: Call) -> Answer:
    """The types a pair of objects has."""
    here, there = call.object_type("fromObjectType"), call.object_type("toObjectType")
    default = account.associations.default_type(here, there)
    if default is None:
        return Answer(200, {"results": []})
    types = [default]
    types += [
        each.type_id for each in account.associations.labels.values() if each.pair == (here, there)
    ]
    return Answer(200, {"results": [_with_label(account, each) for each in types]})


def create_label(account: Account, call: Call) -> Answer:
    """Define a label for a pair and its inverse."""
    here, there = call.object_type("fromObjectType"), call.object_type("toObjectType")
    if account.associations.default_type(here, there) is None:
        raise refusal([wrong_type(here, None, there)])
    body = call.json()
    label = text_in(body, "label")
    text_in(body, "name")
    made = account.associations.label(
        here, there, label, optional_in(body, "inverseLabel") or label
    )
    return Answer(200, {"results": [_with_label(account, each.type_id) for each in made]})


def _ends(account: Account, call: Call) -> tuple[End, End]:
    params = call.params
    kinds = (
        ("fromObjectType", "fromObjectId")
        if "fromObjectType" in params
        else ("objectType", "objectId")
    )
    here, there = call.object_type(kinds[0]), call.object_type("toObjectType")
    return (
        (here, _resolved(account, here, params[kinds[1]])),
        (there, _resolved(account, there, params["toObjectId"])),
    )


def _pair_in(account: Account, given: Json, here: str, there: str) -> tuple[End, End]:
    one = text_in(object_in(given, "from"), "id")
    other = text_in(object_in(given, "to"), "id")
    return (here, _resolved(account, here, one)), (there, _resolved(account, there, other))


def _resolved(account: Account, kind: str, said: str) -> str:
    record = account.records[kind].found(said)
    return record.id if record else said


def _defaults(account: Account, one: End, other: End) -> list[Json]:
    """Associate, and say so from both ends as HubSpot does."""
    there = account.associations.default_type(one[0], other[0])
    back = account.associations.default_type(other[0], one[0])
    account.associations.associate(one, other, there or 0)
    return [
        {
            "from": {"id": from_[1]},
            "to": {"id": to[1]},
            "associationSpec": {
                "associationCategory": "HUBSPOT_DEFINED",
                "associationTypeId": type_id,
            },
        }
        for from_, to, type_id in ((one, other, there), (other, one, back))
    ]


def _labels_between(account: Account, one: End, other: End) -> Json:
    labels = account.associations.labels
    types = account.associations.of(*one, other[0]).get(other[1], [])
    return {
        "fromObjectTypeId": OBJECT_TYPES[one[0]].type_id,
        "fromObjectId": one[1],
        "toObjectTypeId": OBJECT_TYPES[other[0]].type_id,
        "toObjectId": other[1],
        "labels": [labels[each].label for each in types if each in labels],
    }


def _with_label(account: Account, type_id: int) -> Json:
    label = account.associations.labels.get(type_id)
    if label is None:
        return {"category": "HUBSPOT_DEFINED", "typeId": type_id}
    return {"category": "USER_DEFINED", "typeId": type_id, "label": label.label}


def _associated(account: Account, one: tuple[str, str], there: str) -> list[Json]:
    record_id, here = one
    records = account.records[there].by_id
    return [
        {"toObjectId": to_id, "associationTypes": [_with_label(account, each) for each in types]}
        for to_id, types in account.associations.of(here, record_id, there).items()
        if to_id in records and not records[to_id].archived
    ]


def _after_in(given: Json) -> int:
    said = str(given.get("after") or 0)
    if not said.isdecimal():
        raise invalid("after must be an integer")
    return int(said)


def _page(found: list[Json], after: int, limit: int) -> tuple[list[Json], Json]:
    found.sort(key=lambda each: int(each["toObjectId"]))
    left = [each for each in found if int(each["toObjectId"]) > after]
    page = left[:limit]
    more = len(left) > limit
    return page, {"paging": {"next": {"after": page[-1]["toObjectId"]}}} if more else {}


def _row_error(given: Json, problem: Problem) -> RowError:
    context = {
        "fromObjectId": [str(object_in(given, "from").get("id"))],
        "toObjectId": [str(object_in(given, "to").get("id"))],
    }
    return RowError(problems=(problem,), context=context)


def _no_association(message: str, said: str) -> RowError:
    problem = Problem(message=message, category="OBJECT_NOT_FOUND", status=404)
    return RowError(problems=(problem,), context={"fromObjectId": [said]})


def _void(account: Account, call: Call) -> Answer:
    """v4 answers 204, the dated versions an empty batch."""
    return Answer(204) if call.version == "v4" else Answer(200, batch_answer(account, []))
