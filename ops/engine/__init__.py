"""Durable work: the engine's port, three orchestrators, the janitor, and their activities."""

from collections.abc import Callable

from ops.engine.flow import Flow, Orchestration
from ops.model.json import Json


def orchestrator(name: str) -> Callable[[Flow, dict[str, Json]], Orchestration]:
    """The orchestrator of this name. Raises KeyError."""
    from ops.engine import chat_query, operation, rollout

    return {"operation": operation.operation, "rollout": rollout.rollout, "errand": chat_query.chat_query}[name]
