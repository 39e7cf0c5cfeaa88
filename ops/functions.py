"""The decorators: every trigger in one list. What they do is elsewhere, and is imported when it is called."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import azure.durable_functions as df
import azure.functions as func

from ops.bootstrap import NotConfiguredError, wiring
from ops.engine import Orchestrator
from ops.engine.transition import Activity

CLIENT = "client"


def build_app() -> df.DFApp:
    """The app that Azure loads."""
    app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
    for name in Activity:
        _register_activity(app, name)
    for orchestrator in Orchestrator:
        _register_orchestrator(app, orchestrator)
    _register_timers(app)
    _register_http(app)
    _register_pages(app)
    _register_events(app)
    _register_slack(app)
    return app


def _register_activity(app: df.DFApp, name: str) -> None:
    # The worker checks an activity's annotations as it loads the app, and refuses `dict[str, Json]` as no plain type.
    def run(payload: dict, *, client: str) -> dict:  # type: ignore[type-arg]  # see above
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
        from ops.engine import orchestrator

        return (yield from orchestrator(name)(DurableFlow(context), payload))

    run.__name__ = name
    app.orchestration_trigger(context_name="context", orchestration=name)(run)


def _register_timers(app: df.DFApp) -> None:
    @app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
    @app.durable_client_input(client_name=CLIENT)
    def five_minutes(timer: func.TimerRequest, client: str) -> None:
        del timer  # the binding hands it over by this name; that the clock struck is all it says
        from ops.endpoints.timers import every_five_minutes

        every_five_minutes(wiring().context(client), wiring().pause)
        # Last: whatever goes wrong with a calendar, the tick has done what else it comes for.
        wiring().read_calendars()

    @app.timer_trigger(arg_name="timer", schedule="0 */15 * * * *")
    @app.durable_client_input(client_name=CLIENT)
    def quarter(timer: func.TimerRequest, client: str) -> None:
        del timer  # the binding hands it over by this name; that the clock struck is all it says
        from ops.endpoints.timers import every_quarter

        every_quarter(wiring().context(client))

    @app.timer_trigger(arg_name="timer", schedule="0 0 * * * *")
    @app.durable_client_input(client_name=CLIENT)
    def hour(timer: func.TimerRequest, client: str) -> None:
        del timer  # the binding hands it over by this name; that the clock struck is all it says
        from ops.endpoints.timers import every_hour

        every_hour(wiring().context(client), wiring().purge_after)


def _register_http(app: df.DFApp) -> None:
    def door(
        route: str,
        method: str,
        answer: Callable[[Any, func.HttpRequest], Any],
        level: func.AuthLevel = func.AuthLevel.FUNCTION,
    ) -> None:
        def run(req: func.HttpRequest, client: str) -> func.HttpResponse:
            return _guarded(client, lambda context: answer(context, req), is_open=level is func.AuthLevel.ANONYMOUS)

        run.__name__ = f"{method.lower()}_{route.replace('/', '_').replace('{', '').replace('}', '')}"
        app.route(route=route, methods=[method], auth_level=level)(app.durable_client_input(client_name=CLIENT)(run))

    door("runbooks", "GET", lambda _context, _req: _http().answer_runbooks())
    door(
        "runbooks/{name}",
        "POST",
        lambda context, req: _http().start_runbook(
            context, req.route_params["name"], req.get_body(), req.headers.get("Idempotency-Key", "")
        ),
    )
    door("runs", "GET", lambda context, req: _http().answer_runs(context, req.params.get("state", "")))
    door("runs/{id}", "GET", lambda context, req: _http().answer_run(context, req.route_params["id"]))
    for action in ("cancel", "pause", "resume"):
        door(
            f"runs/{{id}}/{action}",
            "POST",
            _control(action),
        )

    refusals = cache(lambda: _refusals().Refusals())
    door(
        "teams/messages",
        "POST",
        lambda context, req: _teams().take_activity(
            context, refusals(), req.headers.get("Authorization", ""), req.get_body()
        ),
        func.AuthLevel.ANONYMOUS,
    )
    door("alerts/budget", "POST", lambda context, req: _budgets().take_alert(context, req.get_body()))
    for kind in ("awake", "skip"):
        door(f"overrides/{kind}", "POST", _override(kind))


def _register_slack(app: df.DFApp) -> None:
    """Slack brings no key: its signature, which the door verifies first of all, is one."""

    def door(route: str, take: Callable[[Any, Any, Any], Any]) -> None:
        def run(req: func.HttpRequest, client: str) -> func.HttpResponse:
            return _guarded(client, lambda context: take(context, wiring().slack_guard(), _received(req)), is_open=True)

        run.__name__ = f"post_{route.replace('/', '_')}"
        bound = app.durable_client_input(client_name=CLIENT)(run)
        app.route(route=route, methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)(bound)

    door("slack/interactions", lambda *given: _slack().take_interaction(*given))
    door("slack/commands", lambda *given: _slack().take_slash_command(*given))


def _received(req: func.HttpRequest) -> Any:
    return _slack().Received(req.get_body(), dict(req.headers))


def _slack() -> Any:
    from ops.chats.slack import endpoint

    return endpoint


def _register_pages(app: df.DFApp) -> None:
    """Pages for people: anonymous for Functions, since no link carries a key; who they are, App Service's sign-in says."""

    @app.route(route="approvals/{word}", methods=["GET", "HEAD", "POST"], auth_level=func.AuthLevel.ANONYMOUS)
    @app.durable_client_input(client_name=CLIENT)
    def approval_page(req: func.HttpRequest, client: str) -> func.HttpResponse:
        from ops.endpoints import approval_page
        from ops.ports.errors import OutsideError

        headers = {name.lower(): text for name, text in req.headers.items()}
        asked = approval_page.PageRequest(
            req.method or "GET", req.url, req.route_params["word"], headers, req.get_body()
        )
        try:
            page = approval_page.answer_page(wiring().context(client), wiring().page(), asked)
        except NotConfiguredError as error:
            page = approval_page.unavailable(str(error))
        except OutsideError:
            page = approval_page.unavailable("Daytwo's records do not answer; try again in a minute")
        body = "" if asked.method == "HEAD" else page.html
        return func.HttpResponse(body, status_code=int(page.status), headers=dict(page.headers), mimetype="text/html")


def _override(kind: str) -> Callable[[Any, func.HttpRequest], Any]:
    return lambda context, req: _overrides().set_override(context, kind, req.get_body())


def _overrides() -> Any:
    from ops.endpoints import overrides

    return overrides


def _teams() -> Any:
    from ops.chats.teams import endpoint

    return endpoint


def _refusals() -> Any:
    from ops.endpoints import rejected_requests

    return rejected_requests


def _budgets() -> Any:
    from ops.endpoints import budget_alerts

    return budget_alerts


def _control(action: str) -> Callable[[Any, func.HttpRequest], Any]:
    return lambda context, req: _http().control_run(context, req.route_params["id"], action, req.get_body())


def _register_events(app: df.DFApp) -> None:
    @app.event_grid_trigger(arg_name="event")
    @app.durable_client_input(client_name=CLIENT)
    def events(event: func.EventGridEvent, client: str) -> None:
        from ops.endpoints.event_grid import take_event

        take_event(wiring().context(client), _raw(event))


def _raw(event: Any) -> Mapping[str, Any]:
    """Either schema as it was sent, as far as the binding kept it."""
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


def _guarded(client: Any, answer: Callable[[Any], Any], *, is_open: bool = False) -> func.HttpResponse:
    """Without a valid configuration ever, a door answers 503 and says so; at an open door not even why."""
    try:
        context = wiring().context(client)
    except NotConfiguredError as error:
        return _refuse(503, "Daytwo is not configured" if is_open else str(error))
    if context.config.settings is None:
        why = "" if is_open else f": {context.config.problem}"
        return _refuse(503, f"Daytwo has no valid configuration{why}")
    response = answer(context)
    return func.HttpResponse(
        response.text(), status_code=int(response.status), headers=dict(response.headers), mimetype="application/json"
    )


def _refuse(status: int, why: str) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({"error": why}), status_code=status, mimetype="application/json")


def _http() -> Any:
    from ops.endpoints import http_api

    return http_api
