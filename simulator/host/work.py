"""The engine's work items, and the error with which it rejects requests."""

from dataclasses import dataclass
from typing import NoReturn

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of an orchestrator, with its history and the new events."""

    instance_id: str
    name: str
    token: str
    request: pb.OrchestratorRequest


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity to run. `execution` is the generation of the instance that scheduled it; `input` is JSON."""

    instance_id: str
    execution: int
    task_id: int
    name: str
    input: str | None


class RefusedError(Exception):
    """The engine rejects a request. The error carries the gRPC status for the durable client."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class RejectingContext(grpc.ServicerContext):
    """Takes the place of the gRPC context that the backend's methods expect. `abort` raises `RefusedError`."""

    def abort(self, code: grpc.StatusCode, details: str) -> NoReturn:
        """Raise the error for the caller.

        Raises:
            RefusedError: always.
        """
        raise RefusedError(code, details)

    def _absent(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError("the engine is called in process: only abort() of the gRPC context is available")

    abort_with_status = add_callback = auth_context = cancel = invocation_metadata = is_active = _absent
    peer = peer_identities = peer_identity_key = send_initial_metadata = _absent
    set_code = set_details = set_trailing_metadata = time_remaining = _absent
