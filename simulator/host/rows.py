"""Converts an instance to a row in the state file, and back."""

import json
from datetime import datetime
from typing import cast

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask.testing.in_memory_backend import OrchestrationInstance

INSTANCE_COLUMNS = (
    "id", "name", "status", "version", "input", "output", "custom_status", "created", "updated", "completed",
    "failure", "tags", "token", "inbox",
)  # fmt: skip

type Row = tuple[str | int | bytes | None, ...]


def to_row(instance: OrchestrationInstance) -> Row:
    """Everything except the history. A turn in progress is stored as if it had not been taken."""
    out = instance.dispatched_events
    if instance.history and out and out[0].HasField("orchestratorStarted"):
        out = out[1:]  # This event was created with the turn. The next turn gets its own event with its own timestamp.
    return (
        instance.instance_id,
        instance.name,
        int(instance.status),
        instance.version,
        instance.input,
        instance.output,
        instance.custom_status,
        instance.created_at.isoformat(),
        instance.last_updated_at.isoformat(),
        instance.completed_at.isoformat() if instance.completed_at else None,
        instance.failure_details.SerializeToString() if instance.failure_details else None,
        json.dumps(instance.tags) if instance.tags else None,
        instance.completion_token,
        pb.HistoryChunk(events=[*out, *instance.pending_events]).SerializeToString(),
    )


def from_row(row: Row) -> OrchestrationInstance:
    """The instance in a row, without its history."""
    value = dict(zip(INSTANCE_COLUMNS, row, strict=True))
    completed, failure, tags = value["completed"], value["failure"], value["tags"]
    return OrchestrationInstance(
        instance_id=str(value["id"]),
        name=str(value["name"]),
        status=_status(int(str(value["status"]))),
        version=_text(value["version"]),
        input=_text(value["input"]),
        output=_text(value["output"]),
        custom_status=_text(value["custom_status"]),
        created_at=datetime.fromisoformat(str(value["created"])),
        last_updated_at=datetime.fromisoformat(str(value["updated"])),
        completed_at=datetime.fromisoformat(str(completed)) if completed else None,
        failure_details=pb.TaskFailureDetails.FromString(failure) if isinstance(failure, bytes) else None,
        tags=json.loads(str(tags)) if tags else None,
        completion_token=int(str(value["token"])),
        pending_events=list(pb.HistoryChunk.FromString(value["inbox"]).events),
    )


def _text(value: str | int | bytes | None) -> str | None:
    return None if value is None else str(value)


def _status(number: int) -> pb.OrchestrationStatus:
    # At run time, protobuf's enum values are plain integers. They have their own type only in the type stubs.
    return cast("pb.OrchestrationStatus", number)
