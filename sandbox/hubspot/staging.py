"""Pipelines and stages over the web.

https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines
"""

from uuid import UUID

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
from sandbox.hubspot.pipelines import CLOSED, OPEN, Pipeline, Stage
from sandbox.hubspot.problems import Json, RefusedError, invalid


def list_pipelines(account: Account, call: Call) -> Answer:
    """Every pipeline of an object type; only orders have some here."""
    found = sorted(_pipelines(account, call).values(), key=lambda each: each.display_order)
    return Answer(200, {"results": [pipeline_json(each) for each in found]})


def create_pipeline(account: Account, call: Call) -> Answer:
    """Create a pipeline with its stages; own ids are accepted."""
    pipelines = _pipelines(account, call)
    if not account.switches.additional_pipelines:
        message = "Additional pipelines need a Starter, Professional or Enterprise subscription"
        raise RefusedError(403, "MISSING_PERMISSION", message)
    body = call.json()
    moment = stamp(account.now())
    given = objects_in(body, "stages")
    if not given:
        raise invalid("stages are required")
    pipeline = Pipeline(
        id=optional_in(body, "pipelineId") or _new_id(account),
        label=text_in(body, "label"),
        display_order=_order_in(body),
        created_at=moment,
        updated_at=moment,
    )
    if pipeline.id in pipelines:
        raise RefusedError(409, "CONFLICT", f"Pipeline {pipeline.id} already exists")
    for each in given:
        _add_stage(account, pipeline, each)
    pipelines[pipeline.id] = pipeline
    return Answer(201, pipeline_json(pipeline))


def read_pipeline(account: Account, call: Call) -> Answer:
    """One pipeline."""
    return Answer(200, pipeline_json(_the_pipeline(account, call)))


def change_pipeline(account: Account, call: Call) -> Answer:
    """Change a pipeline's label or place."""
    pipeline = _the_pipeline(account, call)
    body = call.json()
    not_served(archived=body.get("archived"))
    pipeline.label = optional_in(body, "label") or pipeline.label
    pipeline.display_order = integer_in(body, "displayOrder", pipeline.display_order)
    pipeline.updated_at = stamp(account.now())
    return Answer(200, pipeline_json(pipeline))


def list_stages(account: Account, call: Call) -> Answer:
    """The stages of a pipeline in display order."""
    return Answer(200, {"results": pipeline_json(_the_pipeline(account, call))["stages"]})


def create_stage(account: Account, call: Call) -> Answer:
    """Add a stage; its own id is accepted."""
    return Answer(201, stage_json(_add_stage(account, _the_pipeline(account, call), call.json())))


def read_stage(account: Account, call: Call) -> Answer:
    """One stage."""
    return Answer(200, stage_json(_the_stage(account, call)))


def change_stage(account: Account, call: Call) -> Answer:
    """Change a stage: its label, place, or whether it is closed."""
    stage = _the_stage(account, call)
    body = call.json()
    not_served(archived=body.get("archived"))
    if "metadata" in body:
        stage.metadata = _metadata(body)
    stage.label = optional_in(body, "label") or stage.label
    stage.display_order = integer_in(body, "displayOrder", stage.display_order)
    stage.updated_at = stamp(account.now())
    return Answer(200, stage_json(stage))


def pipeline_json(pipeline: Pipeline) -> Json:
    """A ``Pipeline`` of HubSpot's schema."""
    stages = sorted(pipeline.stages.values(), key=lambda each: each.display_order)
    return {
        "id": pipeline.id,
        "label": pipeline.label,
        "displayOrder": pipeline.display_order,
        "stages": [stage_json(each) for each in stages],
        "archived": False,
        "createdAt": pipeline.created_at,
        "updatedAt": pipeline.updated_at,
    }


def stage_json(stage: Stage) -> Json:
    """A ``PipelineStage`` of HubSpot's schema."""
    return {
        "id": stage.id,
        "label": stage.label,
        "displayOrder": stage.display_order,
        "metadata": stage.metadata,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
        "archived": False,
        "createdAt": stage.created_at,
        "updatedAt": stage.updated_at,
    }


def _pipelines(account: Account, call: Call) -> dict[str, Pipeline]:
    object_type = call.object_type()
    pipelines = account.pipelines.get(object_type)
    if pipelines is None:
        raise invalid(f"Object type {object_type} does not have pipelines")
    return pipelines


def _the_pipeline(account: Account, call: Call) -> Pipeline:
    pipeline = _pipelines(account, call).get(call.params["pipelineId"])
    if pipeline is None:
        message = f"No pipeline with ID {call.params['pipelineId']} exists"
        raise RefusedError(404, "OBJECT_NOT_FOUND", message)
    return pipeline


def _the_stage(account: Account, call: Call) -> Stage:
    stage = _the_pipeline(account, call).stages.get(call.params["stageId"])
    if stage is None:
        message = f"No stage with ID {call.params['stageId']} exists"
        raise RefusedError(404, "OBJECT_NOT_FOUND", message)
    return stage


def _add_stage(account: Account, pipeline: Pipeline, body: Json) -> Stage:
    moment = stamp(account.now())
    stage = Stage(
        id=optional_in(body, "stageId") or _new_id(account),
        label=text_in(body, "label"),
        display_order=_order_in(body),
        metadata=_metadata(body),
        created_at=moment,
        updated_at=moment,
    )
    if any(stage.id in each.stages for each in account.pipelines["orders"].values()):
        raise RefusedError(409, "CONFLICT", f"Stage {stage.id} already exists")
    if stage.id in pipeline.stages:
        raise RefusedError(409, "CONFLICT", f"Stage {stage.id} is given twice")
    pipeline.stages[stage.id] = stage
    return stage


def _metadata(body: Json) -> dict[str, str]:
    metadata = body.get("metadata")
    if not isinstance(metadata, dict) or metadata.get("state", OPEN) not in (OPEN, CLOSED):
        raise invalid(f"metadata must be an object whose state is {OPEN} or {CLOSED}")
    return {"state": OPEN} | {name: str(value) for name, value in metadata.items()}


def _order_in(body: Json) -> int:
    place = body.get("displayOrder")
    if isinstance(place, bool) or not isinstance(place, int):
        raise invalid("displayOrder is required")
    return place


def _new_id(account: Account) -> str:
    return str(UUID(int=account.random.getrandbits(128), version=4))
