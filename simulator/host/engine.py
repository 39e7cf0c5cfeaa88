"""The durable engine's client operations: start, signal, suspend, terminate and purge, with Azure's rules.

Requests and responses are messages in the durable task protocol, so the gRPC service can use these methods directly.
"""

# ruff: noqa: N802  # method names of the protocol

import uuid
from datetime import UTC

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask.testing.in_memory_backend import OrchestrationInstance

from simulator.host.executions import Executions
from simulator.host.instance_ids import InvalidInstanceIdError, check_instance_id
from simulator.host.statuses import FINISHED, STATUS_NAMES
from simulator.host.timers import DelayedStart
from simulator.host.work import RefusedError


class Engine(Executions):
    """Orchestrations in memory, and the client operations for them."""

    def StartInstance(
        self, request: pb.CreateInstanceRequest, context: grpc.ServicerContext
    ) -> pb.CreateInstanceResponse:
        """Start an instance. A finished instance with the same id is replaced; a running one causes an error (Azure's default).

        Raises:
            RefusedError: Azure would reject the instance id.
        """
        request.instanceId = request.instanceId or uuid.uuid4().hex
        try:
            check_instance_id(request.instanceId)
        except InvalidInstanceIdError as error:
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, str(error)) from error
        instance_id = request.instanceId
        with self._change():
            existing = self._instances.get(instance_id)
            if existing is not None and existing.status in (
                list(request.orchestrationIdReusePolicy.replaceableStatus) or FINISHED
            ):
                self._forget(instance_id)
            starts_at = request.scheduledStartTimestamp.ToDatetime(tzinfo=UTC)
            execution = next(self._execution_numbers)
            if instance_id not in self._instances and starts_at > self.now():
                self._delayed.add(instance_id)
                self._timers.add(starts_at, DelayedStart(instance_id, execution))
            response = super().StartInstance(request, context)
            self._executions[instance_id] = execution
            return response

    def RaiseEvent(self, request: pb.RaiseEventRequest, context: grpc.ServicerContext) -> pb.RaiseEventResponse:
        """Deliver an event. As on Azure, the error is NOT_FOUND for an unknown instance and FAILED_PRECONDITION for a finished one."""
        with self._change():
            self._refuse_finished(request.instanceId, "raising an event to it")
            self._touched.add(request.instanceId)
            return super().RaiseEvent(request, context)

    def TerminateInstance(self, request: pb.TerminateRequest, context: grpc.ServicerContext) -> pb.TerminateResponse:
        """Terminate an instance. An instance that has not started ends without a turn."""
        with self._change():
            self._refuse_finished(request.instanceId, "terminating it")
            if request.instanceId in self._delayed:
                self._end_before_start(self._instances[request.instanceId], request.output.value)
                return pb.TerminateResponse()
            return super().TerminateInstance(request, context)

    def SuspendInstance(self, request: pb.SuspendRequest, context: grpc.ServicerContext) -> pb.SuspendResponse:
        """Suspend an instance, which then waits until it is resumed."""
        with self._change():
            self._refuse_finished(request.instanceId, "suspending it")
            return super().SuspendInstance(request, context)

    def ResumeInstance(self, request: pb.ResumeRequest, context: grpc.ServicerContext) -> pb.ResumeResponse:
        """Resume a suspended instance."""
        with self._change():
            self._refuse_finished(request.instanceId, "resuming it")
            return super().ResumeInstance(request, context)

    def RestartInstance(
        self, request: pb.RestartInstanceRequest, context: grpc.ServicerContext
    ) -> pb.RestartInstanceResponse:
        """Rerun a finished instance with the same input."""
        with self._change():
            return super().RestartInstance(request, context)

    def PurgeInstances(
        self, request: pb.PurgeInstancesRequest, context: grpc.ServicerContext
    ) -> pb.PurgeInstancesResponse:
        """Delete finished instances, selected by id or by a filter, with everything that is stored for them."""
        with self._change():
            before = set(self._instances)
            response = super().PurgeInstances(request, context)
            for instance_id in before - self._instances.keys():
                self._forget(instance_id)
            return response

    def _refuse_finished(self, instance_id: str, what: str) -> None:
        instance = self._instances.get(instance_id)
        if instance is None:
            message = f"{what} failed: instance {instance_id!r} does not exist"
            raise RefusedError(grpc.StatusCode.NOT_FOUND, message)
        if self._is_terminal_status(instance.status):
            status = STATUS_NAMES[instance.status].lower()
            message = f"{what} failed: instance {instance_id!r} is finished ({status})"
            raise RefusedError(grpc.StatusCode.FAILED_PRECONDITION, message)

    def _end_before_start(self, instance: OrchestrationInstance, output: str | None) -> None:
        self._delayed.discard(instance.instance_id)
        instance.status = pb.ORCHESTRATION_STATUS_TERMINATED
        instance.output = output
        instance.completed_at = instance.last_updated_at = self.now()
        instance.pending_events.clear()
        self._touched.add(instance.instance_id)
        self._notify_waiters(instance.instance_id)
