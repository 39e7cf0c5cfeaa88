"""The host's HTTP server on 127.0.0.1. Every request counts as being in flight until it is answered."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler

from simulator.host.easy_auth import SignIn
from simulator.host.engine import Engine
from simulator.host.eventgrid import eventgrid_handler
from simulator.host.http_triggers import Invoke, Key, add_routes
from simulator.host.inflight import InFlight
from simulator.host.management import Management
from simulator.host.runtime import FunctionFailedError, FunctionsApp, Value
from simulator.host.settings import HostSettings

#: Azure's default limit for the size of a request body.
_MAX_BODY_BYTES = 100 * 1024 * 1024


class WebServer:
    """Serves an app's HTTP functions, its Event Grid webhook, the durable endpoints and `/admin/functions`."""

    def __init__(
        self, app: FunctionsApp, engine: Engine, in_flight: InFlight, settings: HostSettings, function_key: str
    ) -> None:
        self._app, self._engine, self._in_flight, self._settings = app, engine, in_flight, settings
        self._key = Key(function_key)
        self._runner: web.AppRunner | None = None
        self._admin_runs: set[asyncio.Task[None]] = set()

    async def start(self, port: int, invoke: Invoke, refresh: Callable[[], Awaitable[datetime]]) -> str:
        """Serve on `port` (0 selects a free one) and return the base URL. `refresh` is awaited before each request is handled.

        The world may send a request while the host waits for the world to advance. The world's clock is then ahead of the host's.
        """
        application = web.Application(middlewares=[self._counting(refresh)], client_max_size=_MAX_BODY_BYTES)
        sign_in = SignIn()
        sign_in.add_routes(application.router)
        functions = self._app.of_type("httpTrigger")
        prefix = self._settings.route_prefix
        add_routes(application.router, functions, prefix, self._key, invoke, headers=sign_in.headers)
        Management(self._engine, self._key).add_routes(application.router)
        events = eventgrid_handler(self._app.of_type("eventGridTrigger"), self._key, invoke)
        application.router.add_route("*", "/runtime/webhooks/eventgrid", events)
        application.router.add_post("/admin/functions/{name}", self._admin(invoke))
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        for run in self._admin_runs:
            run.cancel()
        await asyncio.gather(*self._admin_runs, return_exceptions=True)

    def _counting(self, refresh: Callable[[], Awaitable[datetime]]) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            with self._in_flight.doing(f"HTTP {request.method} {request.path}"):
                await refresh()
                return await handler(request)

        return count

    def _admin(self, invoke: Invoke) -> Handler:
        by_name = {function.name.lower(): function for function in self._app.functions}

        async def run(request: web.Request) -> web.Response:
            """Run a function that does not have an HTTP trigger in the background, as on Azure."""
            if not self._key.opens(request):
                return web.Response(status=HTTPStatus.UNAUTHORIZED)
            function = by_name.get(request.match_info["name"].lower())
            if function is None:
                return web.Response(status=HTTPStatus.NOT_FOUND)
            if function.trigger_type == "httpTrigger":
                return web.Response(status=HTTPStatus.BAD_REQUEST, text="call an HTTP function by its own route")
            value = _admin_input(function.trigger_type, await request.read())
            end = self._in_flight.begin(f"admin run of {function.name}")

            async def invoke_it() -> None:
                try:
                    with suppress(FunctionFailedError):
                        await invoke(function, value)
                finally:
                    end()

            task = asyncio.create_task(invoke_it())
            self._admin_runs.add(task)
            task.add_done_callback(self._admin_runs.discard)
            return web.Response(status=HTTPStatus.ACCEPTED)

        return run


def _admin_input(trigger_type: str, body: bytes) -> Value:
    given = json.loads(body).get("input", "") if body else ""
    if trigger_type == "timerTrigger":
        return Value("json", json.dumps({"IsPastDue": False, "ScheduleStatus": {}, "Schedule": {}}))
    text = given if isinstance(given, str) else json.dumps(given)
    return Value("json" if trigger_type == "eventGridTrigger" else "string", text)
