"""The function app: registers every trigger. A trigger's code is imported when it is first called."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import azure.durable_functions as df
import azure.functions as func

from ops.bootstrap import NotConfiguredError, wiring
from ops.chats import chat_kinds
from ops.chats.contract import Connection
from ops.endpoints.routes import TIMERS, Auth, Route, Timer, routes
from ops.engine import Orchestrator
from ops.engine.transition import Activity
from ops.ports.errors import OutsideError

if TYPE_CHECKING:
    from ops.endpoints.http_types import HttpResponse

CLIENT = "client"
# Per route for people. More would only compete for the same core.
_THREADS = 2
_LOG = logging.getLogger(__name__)


def build_app() -> df.DFApp:
    """Returns the function app that Azure loads."""
    app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    for name in Activity:
        _register_activity(app, name)
    for orchestrator in Orchestrator:
        _register_orchestrator(app, orchestrator)
    for timer in TIMERS:
        _register_timer(app, timer)
    for route in all_routes():
        _register_route(app, route)
    _register_events(app)
    return app


def all_routes() -> tuple[Route, ...]:
    """Returns Daytwo's own routes and each chat's routes."""
    chats = [route for name, kind in chat_kinds().items() for route in kind.routes(_connection(name))]
    return (*routes(lambda: wiring().page(), lambda: wiring().budget()), *chats)


def _connection(chat: str) -> Callable[[], Connection]:
    return lambda: wiring().connections[chat]


def _register_activity(app: df.DFApp, name: str) -> None:
    # A bare `dict`: when the worker loads the app, it compares an activity's annotations with classes, and rejects `dict[str, Json]`.
    def run(payload: dict, *, client: str) -> dict:  # type: ignore[type-arg]  # the worker rejects type arguments
        from ops.engine.activities import invoke, postponed
        from ops.ports.errors import OutsideError

        wired = wiring()
        try:
            context = wired.context(client)
        except OutsideError as error:
            return postponed(wired.ports.clock.now(), error)
        return invoke(name, context, payload)

    run.__name__ = name
    bound = app.activity_trigger(input_name="payload", activity=name)(run)
    app.durable_client_input(client_name=CLIENT)(bound)


def _register_orchestrator(app: df.DFApp, name: str) -> None:
    def run(context: Any, payload: dict[str, Any]) -> Any:
        from ops.adapters.durable_flow import DurableFlow
        from ops.engine import orchestrator, version_of

        return (yield from orchestrator(name, version_of(payload))(DurableFlow(context), payload))

    run.__name__ = name
    app.orchestration_trigger(context_name="context", orchestration=name)(run)


def _register_timer(app: df.DFApp, entry: Timer) -> None:
    def run(timer: func.TimerRequest, client: str) -> None:
        del timer  # the binding passes the argument by this name; it is not used
        from ops.telemetry.metrics import Metric

        wired = wiring()
        began = wired.ports.clock.now()
        entry.handler(wired.context(client), wired.process)
        seconds = (wired.ports.clock.now() - began).total_seconds()
        wired.ports.metrics.record(Metric.TICK_DURATION, seconds, timer=entry.name)

    run.__name__ = entry.name
    app.timer_trigger(arg_name="timer", schedule=entry.schedule)(app.durable_client_input(client_name=CLIENT)(run))


def _register_route(app: df.DFApp, route: Route) -> None:
    def answer(req: func.HttpRequest, client: str) -> func.HttpResponse:
        response = _respond(route, req, client)
        body = "" if req.method == "HEAD" else response.text()
        return func.HttpResponse(
            body, status_code=int(response.status), headers=dict(response.headers), mimetype=response.media_type
        )

    for_people = route.auth is not Auth.FUNCTION_KEY
    run = _in_own_threads(answer) if for_people else answer
    run.__name__ = route.name
    level = func.AuthLevel.FUNCTION if route.auth is Auth.FUNCTION_KEY else func.AuthLevel.ANONYMOUS
    # The SDK gives an `async` function its asynchronous client; the binding itself provides the configuration of either.
    raw = app.generic_input_binding(CLIENT, "durableClient", durableRequiresGrpc=True)
    bound = raw(run) if for_people else app.durable_client_input(client_name=CLIENT)(run)
    app.route(route=route.path, methods=route.methods.split(), auth_level=level)(bound)


def _in_own_threads(
    answer: Callable[[func.HttpRequest, Any], func.HttpResponse],
) -> Callable[[func.HttpRequest, str], Awaitable[func.HttpResponse]]:
    """Runs the function of a route for people in threads of its own.

    The worker runs all other functions in one pool, first come, first served: a click would wait for hundreds of events or
    starts for which no person is waiting. An `async` function does not enter that pool.
    """
    threads: list[ThreadPoolExecutor] = []

    async def run(req: func.HttpRequest, client: str) -> func.HttpResponse:
        if not threads:
            threads.append(ThreadPoolExecutor(_THREADS))
        # The context carries the invocation's id to its log records.
        sync = df.SyncDurableFunctionsClient.get_cached(client)
        work = partial(contextvars.copy_context().run, answer, req, sync)
        return await asyncio.get_running_loop().run_in_executor(threads[0], work)

    return run


def _respond(route: Route, req: func.HttpRequest, client: Any) -> "HttpResponse":
    """Returns the handler's response, or 503 without a valid configuration or without records; only key holders see why."""
    from ops.endpoints.http_types import HttpRequest

    try:
        context = wiring().context(client)
    except NotConfiguredError as error:
        return route.unavailable(str(error) if route.auth is Auth.FUNCTION_KEY else "Daytwo is not configured")
    except OutsideError as error:
        _LOG.warning("%s: the configuration or its calendars could not be read: %s", route.name, error)
        return route.unavailable("Daytwo's records are not available; try again in a minute")
    if context.config.settings is None:
        why = f": {context.config.problem}" if route.auth is Auth.FUNCTION_KEY else ""
        return route.unavailable(f"Daytwo has no valid configuration{why}")
    headers = {name.lower(): value for name, value in req.headers.items()}
    request = HttpRequest(req.method or "GET", req.url, req.route_params, req.params, headers, req.get_body())
    try:
        return route.handler(context, request)
    except OutsideError as error:
        _LOG.warning("%s could not be answered: %s", route.name, error)
        return route.unavailable("Daytwo's records are not available; try again in a minute")


def _register_events(app: df.DFApp) -> None:
    @app.event_grid_trigger(arg_name="event")
    @app.durable_client_input(client_name=CLIENT)
    def events(event: func.EventGridEvent, client: str) -> None:
        from ops.endpoints.event_grid import take_event

        take_event(wiring().context(client), _raw(event))


def _raw(event: Any) -> Mapping[str, Any]:
    """Returns the event in the schema in which it was sent, to the extent that the binding has kept its fields."""
    if isinstance(event, func.EventGridEvent):
        return {
            "id": event.id,
            "eventType": event.event_type,
            "topic": event.topic,
            "subject": event.subject,
            "data": event.get_json(),
        }
    return {
        "specversion": "1.0",
        "id": event.id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "data": event.get_json(),
    }
