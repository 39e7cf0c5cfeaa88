"""The steps that these tests let verbs execute, in a world of fakes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from ops.model.fleet import Cluster
from ops.model.plan import Step
from ops.model.run import StepRecord, StepState
from ops.verbs.contract import StepContext
from tests.driving import NIGHT
from tests.fakes import World

MINUTE = timedelta(minutes=1)


def context(
    world: World, params: Mapping[str, str] | None = None, *, undo: bool = False, **record: object
) -> StepContext:
    """A step of a run on the only cluster, at night. `record` are fields of its record."""
    plain = StepRecord("step", "the step")
    return StepContext(
        world.clusters.only.id,
        Step("step", "verb", "the step", params or {}),
        replace(plain, **record),  # type: ignore[arg-type]  # fields by name
        NIGHT,
        world.context.ports,
        undo,
    )


def world_of(of: Cluster) -> World:
    """A world with this cluster."""
    world = World()
    world.clock.at = NIGHT
    world.clusters.put(of)
    return world


INTENDED = StepState.INTENDED
