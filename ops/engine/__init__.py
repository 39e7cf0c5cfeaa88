"""Durable execution: the `Flow` port, the three orchestrators, their activities, and how a run is started and previewed."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from ops.engine.flow import Flow, Orchestration
from ops.model.json import Json


class Orchestrator(StrEnum):
    """The orchestrators. The value is the name that the durable engine knows."""

    OPERATION = "operation"
    ROLLOUT = "rollout"
    CHAT_QUERY = "chat_query"


# The version of the orchestrators. A change that would break the replay of runs in progress raises it and keeps the old code.
VERSION = 1


def started(**payload: Json) -> dict[str, Json]:
    """The input of a new instance: it names the version, so that the instance keeps its code to its end."""
    return {"version": VERSION, **payload}


def orchestrator(name: str, version: int = VERSION) -> Callable[[Flow, dict[str, Json]], Orchestration]:
    """The orchestrator of this name, in the version that an instance was started with.

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
    """The version that an instance was started with."""
    version = payload.get("version")
    return version if isinstance(version, int) else VERSION
