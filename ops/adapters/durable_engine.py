"""`Engine` on top of the durable client that each invocation receives."""

import logging
from dataclasses import dataclass
from typing import Any

from ops.adapters.durable_flow import INBOX
from ops.model.json import Json
from ops.ports.errors import TryLaterError

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DurableEngine:
    """Implements `Engine`. `client` is the SDK's synchronous durable client."""

    client: Any

    def start(self, workflow: str, instance_id: str, payload: Json) -> None:
        """Starts an instance unless it is running; the store ensures that an ended run is not started again.

        Raises:
            TryLaterError: the engine did not answer.
        """
        from grpc import RpcError

        if self.is_live(instance_id):
            return
        try:
            self.client.schedule_new_orchestration(workflow, input=payload, instance_id=instance_id)
        except RpcError as error:
            if not self.is_live(instance_id):  # another process may have started it in the meantime
                raise TryLaterError(f"starting {instance_id}: the engine did not answer") from error

    def wake(self, instance_id: str) -> None:
        """Sends a wake event. The event can be lost, so every wait also has a timer."""
        from grpc import RpcError

        try:
            self.client.raise_orchestration_event(instance_id, INBOX)
        except RpcError as error:
            _LOG.info("The wake event for %s was not sent: %s", instance_id, error)

    def is_live(self, instance_id: str) -> bool:
        """Whether the instance exists and has not ended.

        Raises:
            TryLaterError: the engine did not answer.
        """
        from durabletask.client import OrchestrationStatus
        from grpc import RpcError

        try:
            state = self.client.get_orchestration_state(instance_id, fetch_payloads=False)
        except RpcError as error:
            raise TryLaterError(f"looking up {instance_id}: the engine did not answer") from error
        ended = (OrchestrationStatus.COMPLETED, OrchestrationStatus.FAILED, OrchestrationStatus.TERMINATED)
        return state is not None and state.runtime_status not in ended

    def purge(self, instance_id: str) -> None:
        """Deletes the history of an ended instance.

        Raises:
            TryLaterError: the engine did not answer.
        """
        from grpc import RpcError

        try:
            self.client.purge_orchestration(instance_id)
        except RpcError as error:
            raise TryLaterError(f"purging {instance_id}: the engine did not answer") from error
