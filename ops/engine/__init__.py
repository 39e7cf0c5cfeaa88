"""Durable execution: the `Flow` port, the three orchestrators, their activities, and how a run is started and previewed."""

from collections.abc import Callable
from enum import StrEnum

from ops.engine.flow import Flow, Orchestration
from ops.model.json import Json


class Orchestrator(StrEnum):
    """The orchestrators. The value is the name that the durable engine knows."""

    OPERATION = "operation"
    ROLLOUT = "rollout"
    CHAT_QUERY = "chat_query"


def orchestrator(name: str) -> Callable[[Flow, dict[str, Json]], Orchestration]:
    """The orchestrator of this name.

    Raises:
        ValueError: there is no such orchestrator.
    """
    from ops.engine import chat_query, operation, rollout

    match Orchestrator(name):
        case Orchestrator.OPERATION:
            return operation.operation
        case Orchestrator.ROLLOUT:
            return rollout.rollout
        case Orchestrator.CHAT_QUERY:
            return chat_query.chat_query
