"""Order pipelines and their stages as an account keeps them."""

from dataclasses import dataclass, field

from sandbox.hubspot.catalogue import DEFAULT_PIPELINE, ORDER_STAGES

OPEN = "OPEN"
CLOSED = "CLOSED"


@dataclass(slots=True, kw_only=True)
class Stage:
    """A stage; ``metadata["state"]`` says whether orders in it are closed."""

    id: str
    label: str
    display_order: int
    metadata: dict[str, str]
    created_at: str
    updated_at: str


@dataclass(slots=True, kw_only=True)
class Pipeline:
    """A pipeline with its stages by id, in display order."""

    id: str
    label: str
    display_order: int
    stages: dict[str, Stage] = field(default_factory=dict)
    created_at: str
    updated_at: str

    @property
    def first_stage(self) -> str:
        """Where a record starts that names no stage."""
        return min(self.stages.values(), key=lambda each: each.display_order).id


def order_pipelines(created_at: str) -> dict[str, Pipeline]:
    """The one pipeline every account has for orders."""
    stages = {
        id_: Stage(
            id=id_,
            label=label,
            display_order=place,
            metadata={"state": state},
            created_at=created_at,
            updated_at=created_at,
        )
        for place, (label, id_, state) in enumerate(ORDER_STAGES)
    }
    pipeline = Pipeline(
        id=DEFAULT_PIPELINE,
        label="Order Pipeline",
        display_order=0,
        stages=stages,
        created_at=created_at,
        updated_at=created_at,
    )
    return {DEFAULT_PIPELINE: pipeline}
