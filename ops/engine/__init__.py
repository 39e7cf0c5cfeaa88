"""Durable execution: the `Flow` port, the three orchestrators and their activities, and how runs are started and previewed."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from ops.engine.flow import Flow, Orchestration
from ops.model.json import Json


class Orchestrator(StrEnum):
    """The orchestrators. The value is the name in the durable engine."""

    OPERATION = "operation"
    ROLLOUT = "rollout"
    CHAT_QUERY = "chat_query"


# The version of the orchestrators. Raise it with a change that would break the replay of runs in progress, and keep the old code.
VERSION = 1


def started(**payload: Json) -> dict[str, Json]:
    """Returns the input of a new instance. It names the version, so the instance keeps its code until it ends."""
    return {"version": VERSION, **payload}


def orchestrator(name: str, version: int = VERSION) -> Callable[[Flow, dict[str, Json]], Orchestration]:
    """Returns the orchestrator with this name, in the version with which an instance was started.

    Raises:
        ValueError: there is no such orchestrator or version.
    """
    from ops.engine import chat_query, operation, rollout

    if version != VERSION:
        raise ValueError(f"orchestrators of version {version} are not in this package, only {VERSION}")
    match Orchestrator(name):
        case Orchestrator.OPERATION:
            return operation.operation
        case Orchestrator.ROLLOUT:
            return rollout.rollout
        case Orchestrator.CHAT_QUERY:
            return chat_query.chat_query


def version_of(payload: Mapping[str, Json]) -> int:
    """Returns the version with which an instance was started."""
    version = payload.get("version")
    return version if isinstance(version, int) else VERSION
