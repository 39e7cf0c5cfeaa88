"""The page on 127.0.0.1, which shows the fleet, the calendar and the chat during and after the simulated days."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from http import HTTPStatus
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from ops.model.run import Run
from ops.policy.select import ring_window
from ops.render.week_picture import runbook_bars
from ops.tables.runs import runs
from simulator.chat_preview.official_renderer import Drawer
from simulator.demo.approvals import ApprovalDesk, ButtonReference, VoteError
from simulator.demo.bars import FleetHistory
from simulator.demo.messages import form_views, threads
from simulator.demo.summary import Summary
from simulator.demo.view import view
from simulator.demo.week import Stage
from simulator.demo.world import aks_upgrades, journal, read_chat, read_forms, read_world, stopped_periods
from simulator.slack.workspace import USERS

_HOST = "127.0.0.1"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# The singular and plural names of a successful run, per runbook.
_SUCCEEDED = {
    "reboot": ("night of reboots", "nights of reboots"),
    "power": ("stop or start by schedule", "stops and starts by schedule"),
    "spot": ("eviction group followed", "eviction groups followed"),
    "budget": ("budget alert explained", "budget alerts explained"),
}


class Page:
    """Serves the page for one stage. `summary` is set when the simulated days are over."""

    def __init__(self, stage: Stage, drawer: Drawer, desk: ApprovalDesk) -> None:
        self._stage, self._drawer, self._desk = stage, drawer, desk
        self._settings = stage.settings
        self._zone = ZoneInfo(ring_window(self._settings, self._settings.fleet.rings[0]).zone)
        self._templates = Environment(
            loader=PackageLoader("simulator.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self.summary: Summary | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve the page on a free port and yield its address."""
        app = web.Application()
        routes = [web.get("/", self._serve_page), web.get("/live", self._serve_live), web.post("/click", self._click)]
        app.add_routes(routes)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, _HOST, 0)
        await site.start()
        try:
            yield f"http://{_HOST}:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()

    async def _serve_page(self, request: web.Request) -> web.Response:
        text = await self.render("page.html", request.query.get("person", ""))
        return web.Response(text=text, content_type="text/html", headers=_HEADERS)

    async def _serve_live(self, request: web.Request) -> web.Response:
        headers = {**_HEADERS, "X-Last": "yes"} if self.summary else _HEADERS
        text = await self.render("live.html", request.query.get("person", ""))
        return web.Response(text=text, content_type="text/html", headers=headers)

    async def _click(self, request: web.Request) -> web.Response:
        """Select a button in the chat or in a form as a person in the workspace. Slack signs the request and sends it to the bot."""
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return web.Response(
                status=HTTPStatus.FORBIDDEN, text="The request came from another page.", headers=_HEADERS
            )
        form = await request.post()
        first, second, third = (*str(form.get("button", "")).split("|", 2), "", "")[:3]
        person = str(form.get("person", ""))
        try:
            match first:
                # A form is open for one person, who is not necessarily the person selected on the page.
                case "send":
                    await self._desk.submit(second, str(form.get(f"why-{second}", "")), third)
                case "close":
                    await self._desk.close(second, third)
                case _:
                    await self._desk.click(ButtonReference(first, second, third), person)
        except VoteError as error:
            return web.Response(status=HTTPStatus.CONFLICT, text=str(error), headers=_HEADERS)
        target = "/?" + urlencode({"person": person})
        return web.Response(status=HTTPStatus.SEE_OTHER, headers={**_HEADERS, "Location": target})

    async def render(self, template: str, person: str = "") -> str:
        """Render the page, or its live part, in its current state. The viewer acts as `person`."""
        self._desk.record_view()
        environment = self._stage.world
        world, chat, forms, entries = await asyncio.gather(
            read_world(environment), read_chat(environment), read_forms(environment), journal(environment)
        )
        own = await asyncio.to_thread(self._runs)
        history = FleetHistory(own, aks_upgrades(entries), stopped_periods(self._stage.fleet, entries))
        waiting = self._desk.waiting
        shown = view(world, self._settings, history, waiting)
        messages = await asyncio.to_thread(threads, chat, self._drawer, self._zone)
        day = (world.now - self._stage.fleet.start).days + 1
        return await asyncio.to_thread(
            self._templates.get_template(template).render,
            view=shown,
            messages=messages,
            forms=await asyncio.to_thread(form_views, forms, self._drawer),
            edits=sum(message.edits for message in chat),
            people=list(USERS.values()),
            person=person,
            drawn_by=self._drawer.by,
            style=self._drawer.style(),
            summary=self.summary,
            titles=_SUCCEEDED,
            bars=runbook_bars(),
            progress="a simulated fleet, the week is over" if self.summary else f"a simulated fleet, day {day}",
        )

    def _runs(self) -> Sequence[Run]:
        with closing(self._stage.store) as store:
            return [stored.value for stored in runs(store).scan()]
