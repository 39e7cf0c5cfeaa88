"""The engine's gRPC service for durable clients on 127.0.0.1, on the host's event loop.

A waiting client occupies a future instead of a thread, so the number of waiting clients is not limited.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import durabletask.internal.orchestrator_service_pb2 as pb
import durabletask.internal.orchestrator_service_pb2_grpc as stubs
import grpc
import grpc.aio
from google.protobuf import message
from google.protobuf.empty_pb2 import Empty  # type: ignore[attr-defined]  # generated at import

from simulator.host.engine import Engine
from simulator.host.work import RefusedError, RejectingContext

_ANSWERED_AT_ONCE = frozenset({
    "Hello", "StartInstance", "GetInstance", "RaiseEvent", "TerminateInstance", "SuspendInstance", "ResumeInstance",
    "QueryInstances", "PurgeInstances", "RestartInstance", "ListInstanceIds",
})  # fmt: skip
_CHUNK_EVENTS = 100

type _Context = grpc.aio.ServicerContext[message.Message, message.Message]
type _Method = Callable[[message.Message, _Context], Awaitable[message.Message]]


class DurableService(stubs.TaskHubSidecarServiceServicer):
    """Serves the requests of durable clients. Work items are not streamed, because the host runs them in process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._server: grpc.aio.Server | None = None

    async def start(self) -> str:
        """Serve on a free port and return `127.0.0.1:port`."""
        self._server = grpc.aio.server()
        stubs.add_TaskHubSidecarServiceServicer_to_server(_Methods(self), self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        return f"127.0.0.1:{port}"

    async def stop(self) -> None:
        """Stop serving. Calls that are waiting are cancelled."""
        if self._server is not None:
            await self._server.stop(grace=None)
            self._server = None

    def method(self, name: str) -> object:
        """The coroutine function that handles the RPC `name`."""
        match name:
            case "WaitForInstanceStart":
                return self._until(lambda status: status != pb.ORCHESTRATION_STATUS_PENDING)
            case "WaitForInstanceCompletion":
                return self._until(self._engine.is_finished)
            case "StreamInstanceHistory":
                return self._stream_history
            case _ if name in _ANSWERED_AT_ONCE:
                return self._at_once(name)
            case _:
                return _unimplemented(name)

    def _at_once(self, name: str) -> _Method:
        if name == "Hello":

            async def hello(_request: message.Message, _context: _Context) -> message.Message:
                reply: message.Message = Empty()
                return reply

            return hello
        ask = getattr(self._engine, name)

        async def respond(request: message.Message, context: _Context) -> message.Message:
            try:
                reply: message.Message = ask(request, RejectingContext())
            except RefusedError as refusal:
                await context.abort(refusal.code, refusal.message)
                raise
            return reply

        return respond

    def _until(self, reached: Callable[[pb.OrchestrationStatus], bool]) -> _Method:
        async def wait(request: message.Message, _context: _Context) -> message.Message:
            if not isinstance(request, pb.GetInstanceRequest):
                raise TypeError(f"waiting for an instance takes a GetInstanceRequest, not {type(request).__name__}")
            changed = asyncio.Event()
            stop = self._engine.watchers.add(request.instanceId, changed.set)
            try:
                while True:
                    changed.clear()
                    reply = self._engine.GetInstance(request, RejectingContext())
                    if not reply.exists or reached(reply.orchestrationState.orchestrationStatus):
                        return reply
                    await changed.wait()  # The client's deadline cancels the call, which ends the wait.
            finally:
                stop()

        return wait

    async def _stream_history(
        self, request: pb.StreamInstanceHistoryRequest, context: _Context
    ) -> AsyncIterator[pb.HistoryChunk]:
        events = self._engine.history(request.instanceId)
        if not events:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"there is no history of an instance {request.instanceId!r}")
        for offset in range(0, len(events), _CHUNK_EVENTS):
            yield pb.HistoryChunk(events=events[offset : offset + _CHUNK_EVENTS])


class _Methods:
    """The object that grpc's generated code registers: its attributes are the service's RPCs, by name."""

    def __init__(self, service: DurableService) -> None:
        self._service = service

    def __getattr__(self, name: str) -> object:
        return self._service.method(name)


def _unimplemented(name: str) -> _Method:
    async def refuse(_request: message.Message, context: _Context) -> message.Message:
        why = f"the local engine does not implement {name}: entities, rewinding and remote workers are not simulated"
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, why)
        raise NotImplementedError(why)

    return refuse
