"""The Event Grid webhook of a Functions host: both schemas, the validation handshake, and errors that make Event Grid retry.

Source: "Event Grid trigger for Azure Functions"; "Webhook event delivery" (validation, CloudEvents abuse protection).
"""

import json
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

from simulator.host.http_triggers import Invoke, Key
from simulator.host.runtime import Function, FunctionFailedError, Value

_VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


def eventgrid_handler(
    functions: list[Function], key: Key, invoke: Invoke
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """Return the handler for `/runtime/webhooks/eventgrid?functionName=`."""
    by_name = {function.name.lower(): function for function in functions}

    async def handle(request: web.Request) -> web.Response:
        if not key.opens(request):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        name = request.query.get("functionName", "")
        function = by_name.get(name.lower())
        if function is None:
            return web.Response(status=HTTPStatus.NOT_FOUND, text=f"cannot find function: {name!r}")
        match request.method:
            case "OPTIONS":
                return _allow(request)
            case "POST":
                return await _receive(function, await request.read(), invoke)
            case _:
                return web.Response(status=HTTPStatus.BAD_REQUEST)

    return handle


def _allow(request: web.Request) -> web.Response:
    origin = request.headers.get("WebHook-Request-Origin")
    if origin is None:
        return web.Response(
            status=HTTPStatus.BAD_REQUEST, text="the handshake requires the header WebHook-Request-Origin"
        )
    headers = {"WebHook-Allowed-Origin": origin, "WebHook-Allowed-Rate": "*"}
    return web.Response(headers=headers)


async def _receive(function: Function, body: bytes, invoke: Invoke) -> web.Response:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):  # The real host reads at most 64 levels.
        return web.Response(status=HTTPStatus.BAD_REQUEST, text="the body is not JSON")
    events = content if isinstance(content, list) else [content]
    if not events or not all(isinstance(event, dict) for event in events):
        return web.Response(status=HTTPStatus.BAD_REQUEST, text="the body does not contain events")
    if events[0].get("eventType") == _VALIDATION:
        return web.json_response({"validationResponse": events[0]["data"]["validationCode"]})
    try:
        for event in events:
            await invoke(function, Value("json", json.dumps(event)))
    except FunctionFailedError:
        return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)  # Event Grid then retries the whole batch.
    return web.Response(status=HTTPStatus.ACCEPTED)
