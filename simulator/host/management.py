"""The durable extension's HTTP endpoints: start, status, raiseEvent, terminate, suspend, resume, purge.

Source: "HTTP APIs in Durable Functions".
"""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from aiohttp import web
from durabletask.internal.helpers import get_string_value
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp  # type: ignore[attr-defined]  # generated at import

from simulator.host.engine import Engine
from simulator.host.http_triggers import Key
from simulator.host.statuses import STATUS_NAMES, STATUSES_BY_NAME, UNFINISHED_NAMES
from simulator.host.work import RefusedError, RejectingContext

BASE = "/runtime/webhooks/durabletask"
_REFUSALS = {
    grpc.StatusCode.NOT_FOUND: HTTPStatus.NOT_FOUND,
    grpc.StatusCode.FAILED_PRECONDITION: HTTPStatus.GONE,
    grpc.StatusCode.INVALID_ARGUMENT: HTTPStatus.BAD_REQUEST,
    grpc.StatusCode.ALREADY_EXISTS: HTTPStatus.CONFLICT,
}

type _Handler = Callable[[web.Request], Awaitable[web.Response]]


class Management:
    """Handles the management requests for an engine."""

    def __init__(self, engine: Engine, key: Key) -> None:
        self._engine, self._key = engine, key

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Register the endpoints."""
        instance = f"{BASE}/instances/{{instance_id}}"
        for method, path, handler in (
            ("POST", f"{BASE}/orchestrators/{{name}}", self._start),
            ("POST", f"{BASE}/orchestrators/{{name}}/{{instance_id}}", self._start),
            ("GET", f"{BASE}/instances", self._list),
            ("DELETE", f"{BASE}/instances", self._purge_many),
            ("GET", instance, self._status),
            ("DELETE", instance, self._purge_one),
            ("POST", f"{instance}/raiseEvent/{{event}}", self._raise_event),
            ("POST", f"{instance}/terminate", self._terminate),
            ("POST", f"{instance}/suspend", self._suspend),
            ("POST", f"{instance}/resume", self._resume),
        ):
            router.add_route(method, path, self._guarded(handler))

    def _guarded(self, handler: _Handler) -> _Handler:
        async def handle(request: web.Request) -> web.Response:
            if not self._key.opens(request):
                return web.Response(status=HTTPStatus.UNAUTHORIZED)
            try:
                return await handler(request)
            except RefusedError as refusal:
                return web.Response(status=_REFUSALS[refusal.code], text=refusal.message)

        return handle

    async def _start(self, request: web.Request) -> web.Response:
        instance_id = request.match_info.get("instance_id", "")
        name, body = request.match_info["name"], await _json_body(request)
        arguments = pb.CreateInstanceRequest(instanceId=instance_id, name=name, input=get_string_value(body))
        started = self._engine.StartInstance(arguments, RejectingContext()).instanceId
        at = f"{request.url.origin()}{BASE}/instances/{started}"
        code = f"code={self._key.text}"
        links = {
            "id": started,
            "statusQueryGetUri": f"{at}?{code}",
            "sendEventPostUri": f"{at}/raiseEvent/{{eventName}}?{code}",
            "terminatePostUri": f"{at}/terminate?reason={{text}}&{code}",
            "suspendPostUri": f"{at}/suspend?reason={{text}}&{code}",
            "resumePostUri": f"{at}/resume?reason={{text}}&{code}",
            "purgeHistoryDeleteUri": f"{at}?{code}",
        }
        headers = {"Location": links["statusQueryGetUri"], "Retry-After": "10"}
        return web.json_response(links, status=HTTPStatus.ACCEPTED, headers=headers)

    async def _status(self, request: web.Request) -> web.Response:
        instance_id = request.match_info["instance_id"]
        arguments = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        found = self._engine.GetInstance(arguments, RejectingContext())
        if not found.exists:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        body = _describe(found.orchestrationState)
        if _flag(request, "showHistory"):
            body["historyEvents"] = [MessageToDict(event) for event in self._engine.history(instance_id)]
        status = HTTPStatus.ACCEPTED if body["runtimeStatus"] in UNFINISHED_NAMES else HTTPStatus.OK
        if body["runtimeStatus"] == "Failed" and _flag(request, "returnInternalServerErrorOnFailure"):
            status = HTTPStatus.INTERNAL_SERVER_ERROR
        return web.json_response(body, status=status)

    async def _list(self, request: web.Request) -> web.Response:
        query = pb.InstanceQuery(
            runtimeStatus=_statuses(request),
            createdTimeFrom=_instant(request, "createdTimeFrom"),
            createdTimeTo=_instant(request, "createdTimeTo"),
            instanceIdPrefix=get_string_value(request.query.get("instanceIdPrefix", "")),
            maxInstanceCount=int(request.query.get("top", "0")),
            fetchInputsAndOutputs=True,
        )
        found = self._engine.QueryInstances(pb.QueryInstancesRequest(query=query), RejectingContext())
        return web.json_response([_describe(state) for state in found.orchestrationState])

    async def _raise_event(self, request: web.Request) -> web.Response:
        arguments = pb.RaiseEventRequest(
            instanceId=request.match_info["instance_id"],
            name=request.match_info["event"],
            input=get_string_value(await _json_body(request)),
        )
        self._engine.RaiseEvent(arguments, RejectingContext())
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _terminate(self, request: web.Request) -> web.Response:
        instance_id, reason = request.match_info["instance_id"], request.query.get("reason", "")
        arguments = pb.TerminateRequest(instanceId=instance_id, output=get_string_value(json.dumps(reason)))
        self._engine.TerminateInstance(arguments, RejectingContext())
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _suspend(self, request: web.Request) -> web.Response:
        instance_id, reason = request.match_info["instance_id"], request.query.get("reason", "")
        arguments = pb.SuspendRequest(instanceId=instance_id, reason=get_string_value(reason))
        self._engine.SuspendInstance(arguments, RejectingContext())
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _resume(self, request: web.Request) -> web.Response:
        instance_id, reason = request.match_info["instance_id"], request.query.get("reason", "")
        arguments = pb.ResumeRequest(instanceId=instance_id, reason=get_string_value(reason))
        self._engine.ResumeInstance(arguments, RejectingContext())
        return web.Response(status=HTTPStatus.ACCEPTED)

    async def _purge_one(self, request: web.Request) -> web.Response:
        arguments = pb.PurgeInstancesRequest(instanceId=request.match_info["instance_id"])
        return self._purged(arguments)

    async def _purge_many(self, request: web.Request) -> web.Response:
        chosen = pb.PurgeInstanceFilter(
            runtimeStatus=_statuses(request),
            createdTimeFrom=_instant(request, "createdTimeFrom"),
            createdTimeTo=_instant(request, "createdTimeTo"),
        )
        return self._purged(pb.PurgeInstancesRequest(purgeInstanceFilter=chosen))

    def _purged(self, arguments: pb.PurgeInstancesRequest) -> web.Response:
        count = self._engine.PurgeInstances(arguments, RejectingContext()).deletedInstanceCount
        if not count:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        return web.json_response({"instancesDeleted": count})


def _describe(state: pb.OrchestrationState) -> dict[str, object]:
    output: object = _json(state.output.value)
    if state.HasField("failureDetails") and not state.output.value:
        output = state.failureDetails.errorMessage
    return {
        "name": state.name,
        "instanceId": state.instanceId,
        "runtimeStatus": STATUS_NAMES[state.orchestrationStatus],
        "input": _json(state.input.value),
        "customStatus": _json(state.customStatus.value),
        "output": output,
        "createdTime": state.createdTimestamp.ToJsonString(),
        "lastUpdatedTime": state.lastUpdatedTimestamp.ToJsonString(),
    }


def _json(text: str) -> object:
    """Decode a value. A terminated instance can have plain text as its output."""
    if not text:
        return None
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


async def _json_body(request: web.Request) -> str:
    text = await request.text()
    if not text:
        return "null"
    try:
        json.loads(text)
    except ValueError as error:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, f"the body is not JSON: {error}") from error
    return text


def _flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "").lower() == "true"


def _statuses(request: web.Request) -> list[pb.OrchestrationStatus]:
    names = [name for name in request.query.get("runtimeStatus", "").split(",") if name]
    unknown = [name for name in names if name.lower() not in STATUSES_BY_NAME]
    if unknown:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, f"unknown runtimeStatus: {', '.join(unknown)}")
    return [STATUSES_BY_NAME[name.lower()] for name in names]


def _instant(request: web.Request, name: str) -> Timestamp | None:
    text = request.query.get(name)
    if text is None:
        return None
    instant = Timestamp()
    try:
        instant.FromJsonString(text)
    except ValueError as error:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, f"{name} is not a time: {text!r}") from error
    return instant
