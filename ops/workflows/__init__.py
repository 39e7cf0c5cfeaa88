"""Durable work: the engine's port, three orchestrators, the janitor, and their activities."""

from collections.abc import Callable

from ops.ports import Json
from ops.workflows.flow import Flow, Orchestration


def orchestrator(name: str) -> Callable[[Flow, dict[str, Json]], Orchestration]:
    """The orchestrator of this name. Raises KeyError."""
    from ops.workflows import errand, operation, rollout

    return {"operation": operation.operation, "rollout": rollout.rollout, "errand": errand.errand}[name]
