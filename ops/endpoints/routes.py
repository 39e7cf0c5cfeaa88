"""The HTTP routes and the timers, as data.

The function app imports this module at a cold start, so handlers are imported when they are called, and entries are
named tuples: a dataclass takes five times as long to define.

To add a route, write its handler and add one entry to `ROUTES`. mypy checks that the handler exists and takes these arguments.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import timedelta

    from ops.context import Context
    from ops.endpoints.approval_form import PageAccess
    from ops.endpoints.budget_alerts import BudgetAccess
    from ops.endpoints.http_types import HttpRequest, HttpResponse
    from ops.ports.bundle import Ports


class Auth(StrEnum):
    """Who can call a route."""

    FUNCTION_KEY = "function key"
    CHAT = "the chat's own proof"  # a signature or token, which the handler verifies before it reads anything
    BUDGET_KEY = (
        "budget key"  # opens the budget webhook and nothing else, since readers of an action group can read its address
    )
    SIGN_IN = "sign-in"  # App Service sends people to Microsoft Entra ID; links to pages carry no key


_KEY = Auth.FUNCTION_KEY

type Handler = Callable[["Context", "HttpRequest"], "HttpResponse"]


def unavailable(why: str) -> "HttpResponse":
    """Returns 503, for programs."""
    from http import HTTPStatus

    from ops.endpoints.http_types import HttpResponse

    return HttpResponse(HTTPStatus.SERVICE_UNAVAILABLE, {"error": why})


class Route(NamedTuple):
    """One route under `/api/`.

    Attributes:
        methods: separated by spaces.
        path: `{name}` is a parameter.
        auth: who can call it.
        summary: one sentence for the reference.
        handler: called if there is a valid configuration, even an earlier one; otherwise the route answers 503.
        statuses: the status codes that the handler returns. 401 (no valid key) and 503 are not listed.
        request: the class in `ops.endpoints.resources` that describes the body; empty if the body is not documented.
        response: the class that describes the body of a successful response; `[Name]` is a list.
        parameters: name and meaning of each query parameter and header.
        unavailable: creates the 503 response.
    """

    methods: str
    path: str
    auth: Auth
    summary: str
    handler: Handler
    statuses: tuple[int, ...]
    request: str = ""
    response: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    unavailable: "Callable[[str], HttpResponse]" = unavailable

    @property
    def name(self) -> str:
        """The name of the route's function: letters, digits and underscores."""
        path = self.path.replace("/", "_").replace("{", "").replace("}", "")
        return f"{self.methods.split()[0].lower()}_{path}"


def routes(page: "Callable[[], PageAccess]", budget: "Callable[[], BudgetAccess]") -> tuple[Route, ...]:
    """Returns Daytwo's own routes; each chat adds its own. `page` and `budget` are called at the first request."""
    return (*ROUTES, _budget_alerts(budget), *_pages(page))


def _list_runbooks(_context: "Context", _request: "HttpRequest") -> "HttpResponse":
    from ops.endpoints.http_api import answer_runbooks

    return answer_runbooks()


def _start_run(context: "Context", request: "HttpRequest") -> "HttpResponse":
    from ops.endpoints.http_api import start_runbook

    return start_runbook(context, request.params["name"], request.body, request.headers.get("idempotency-key", ""))


def _list_runs(context: "Context", request: "HttpRequest") -> "HttpResponse":
    from ops.endpoints.http_api import answer_runs

    return answer_runs(context, request.query.get("state", ""))


def _get_run(context: "Context", request: "HttpRequest") -> "HttpResponse":
    from ops.endpoints.http_api import answer_run

    return answer_run(context, request.params["id"])


def _list_conditions(context: "Context", _request: "HttpRequest") -> "HttpResponse":
    from ops.endpoints.http_api import answer_conditions

    return answer_conditions(context)


def _control(action: str, summary: str) -> Route:
    def handler(context: "Context", request: "HttpRequest") -> "HttpResponse":
        from ops.endpoints.http_api import control_run

        return control_run(context, request.params["id"], action, request.body)

    statuses = (202, 400, 404, 409, 413)
    return Route("POST", f"runs/{{id}}/{action}", _KEY, summary, handler, statuses, "ControlRun", "ControlResource")


def _override(kind: str, summary: str) -> Route:
    def handler(context: "Context", request: "HttpRequest") -> "HttpResponse":
        from ops.endpoints.overrides import set_override

        return set_override(context, kind, request.body)

    statuses = (202, 400, 403, 413)
    return Route("POST", f"overrides/{kind}", _KEY, summary, handler, statuses, "SetOverride", "OverrideResource")


ROUTES = (
    Route("GET", "runbooks", _KEY, "Lists the runbooks.", _list_runbooks, (200,), response="[RunbookResource]"),
    Route(
        "POST",
        "runbooks/{name}",
        _KEY,
        "Starts a run of a runbook on one cluster.",
        _start_run,
        statuses=(202, 400, 403, 404, 413, 429),
        request="StartRun",
        response="StartedRun",
        parameters=(("Idempotency-Key (header)", "Repeating a key returns the run that it started."),),
    ),
    Route(
        "GET",
        "runs",
        _KEY,
        "Lists the runs, newest first.",
        _list_runs,
        statuses=(200,),
        response="[RunSummaryResource]",
        parameters=(("state (query)", "Only runs in this state."),),
    ),
    Route("GET", "runs/{id}", _KEY, "Shows one run.", _get_run, (200, 404), response="RunResource"),
    _control("cancel", "Cancels a run before its next step."),
    _control("pause", "Pauses a run before its next step."),
    _control("resume", "Resumes a paused run."),
    Route(
        "GET",
        "conditions",
        _KEY,
        "Lists what lasts and needs a person, oldest first.",
        _list_conditions,
        (200,),
        response="[ConditionResource]",
    ),
    _override("awake", "Keeps a cluster awake until a given time."),
    _override("skip", "Skips node image upgrades on a cluster until a given time."),
)


def _budget_alerts(access: "Callable[[], BudgetAccess]") -> Route:
    def handler(context: "Context", request: "HttpRequest") -> "HttpResponse":
        from ops.endpoints.budget_alerts import receive_alert

        return receive_alert(context, access(), request)

    return Route(
        "POST",
        "alerts/budget",
        Auth.BUDGET_KEY,
        "Receives a budget alert from an Azure action group, in either schema.",
        handler,
        statuses=(202, 400, 401),
        response="StartedRun",
        parameters=(("key (query)", "The budget key."),),
    )


def _pages(access: "Callable[[], PageAccess]") -> tuple[Route, ...]:
    def approval(context: "Context", request: "HttpRequest") -> "HttpResponse":
        from ops.endpoints.approval_page import serve_page

        return serve_page(context, access(), request)

    def unavailable_page(why: str) -> "HttpResponse":
        from ops.endpoints.approval_page import unavailable

        return unavailable(why)

    summary = "The page on which people approve or reject a request; an HTML form."
    return (
        Route(
            "GET HEAD POST",
            "approvals/{token}",
            Auth.SIGN_IN,
            summary,
            approval,
            statuses=(200, 302, 400, 403, 404, 409, 410, 413),
            unavailable=unavailable_page,
        ),
    )


class Process(NamedTuple):
    """What a timer needs from its process.

    Attributes:
        pause: waits the given number of seconds for a chat's rate limit; None if waiting does not advance the clock.
        purge_after: how long the engine's history of an ended run is kept.
        refresh_calendars: fetches the calendars that are due.
        housekeeping: one function per chat that deletes its expired records.
    """

    pause: Callable[[float], None] | None
    purge_after: "timedelta"
    refresh_calendars: Callable[[], None]
    housekeeping: "tuple[Callable[[Ports], None], ...]"


class Timer(NamedTuple):
    """One timer. `schedule` is an NCRONTAB expression in UTC, with seconds."""

    name: str
    schedule: str
    handler: "Callable[[Context, Process], None]"


def _five_minutes(context: "Context", process: Process) -> None:
    from ops.endpoints.timers import every_five_minutes

    every_five_minutes(context, process.pause)


def _calendars(context: "Context", process: Process) -> None:
    """Fetches calendars in a timer of its own, so that an unresponsive server delays nothing else."""
    del context
    process.refresh_calendars()


def _quarter(context: "Context", process: Process) -> None:
    from ops.endpoints.timers import every_quarter

    del process
    every_quarter(context)


def _hour(context: "Context", process: Process) -> None:
    from ops.endpoints.timers import every_hour

    every_hour(context, process.purge_after, process.housekeeping)


TIMERS = (
    Timer("five_minutes", "0 */5 * * * *", _five_minutes),
    Timer("calendars", "0 */5 * * * *", _calendars),
    Timer("quarter", "0 */15 * * * *", _quarter),
    Timer("hour", "0 0 * * * *", _hour),
)
