"""The page on 127.0.0.1: the fleet, the calendar and the chat, while the days pass and after."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ops.model.run import Run
from ops.policy.select import ring_window
from ops.records import runs
from simulator.demo.bars import Happenings
from simulator.demo.mrkdwn import to_html
from simulator.demo.summary import Summary
from simulator.demo.view import view
from simulator.demo.week import Stage
from simulator.demo.world import ChatMessage, journal, look, read_chat, sleeps, work_of_aks
from simulator.exchange import JsonObject

_HOST = "127.0.0.1"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# What one run that succeeded is, and what several are, by runbook.
_SUCCEEDED = {
    "reboot": ("night of reboots", "nights of reboots"),
    "power": ("time put to sleep or woken", "times put to sleep or woken"),
    "spot": ("burst of evictions followed", "bursts of evictions followed"),
    "budget": ("budget alert explained", "budget alerts explained"),
}


@dataclass(frozen=True, slots=True)
class BlockView:
    """A Slack block as it is drawn: `kind` is `section` or `context`."""

    kind: str
    html: Markup


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as people see it."""

    posted: Markup
    edits: int
    blocks: tuple[BlockView, ...]


class Page:
    """Shows one stage; `summary` is set when its days are over."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._settings = stage.settings
        self._zone = ZoneInfo(ring_window(self._settings, self._settings.fleet.rings[0]).zone)
        self._templates = Environment(
            loader=PackageLoader("simulator.demo"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self.summary: Summary | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve on a free port; yields the address."""
        app = web.Application()
        app.add_routes([web.get("/", self._answer), web.get("/live", self._answer_live)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, _HOST, 0)
        await site.start()
        try:
            yield f"http://{_HOST}:{runner.addresses[0][1]}/"
        finally:
            await runner.cleanup()

    async def _answer(self, _request: web.Request) -> web.Response:
        return web.Response(text=await self.render("page.html"), content_type="text/html", headers=_HEADERS)

    async def _answer_live(self, _request: web.Request) -> web.Response:
        headers = {**_HEADERS, "X-Last": "yes"} if self.summary else _HEADERS
        return web.Response(text=await self.render("live.html"), content_type="text/html", headers=headers)

    async def render(self, template: str) -> str:
        """The page, or its living part, as it is now."""
        environment = self._stage.world
        world, chat, entries = await asyncio.gather(look(environment), read_chat(environment), journal(environment))
        own = await asyncio.to_thread(self._runs)
        happened = Happenings(own, work_of_aks(entries), sleeps(self._stage.fleet, entries))
        shown = view(world, self._settings, happened)
        messages = [self._message(message) for message in chat]
        day = (world.now - self._stage.fleet.start).days + 1
        return await asyncio.to_thread(
            self._templates.get_template(template).render,
            view=shown,
            messages=messages,
            edits=sum(message.edits for message in chat),
            summary=self.summary,
            titles=_SUCCEEDED,
            progress="a simulated fleet, the week is over" if self.summary else f"a simulated fleet, day {day}",
        )

    def _runs(self) -> Sequence[Run]:
        with closing(self._stage.store) as store:
            return [stored.value for stored in runs(store).scan()]

    def _message(self, message: ChatMessage) -> MessageView:
        posted = Markup('<time datetime="{}">{}</time>').format(message.posted.isoformat(), self._when(message.posted))
        return MessageView(posted, message.edits, tuple(self._block(block) for block in message.blocks))

    def _block(self, block: JsonObject) -> BlockView:
        return BlockView(str(block["type"]), Markup("<br>").join(to_html(text, self._when) for text in texts_of(block)))

    def _when(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%a %H:%M}"


def texts_of(block: JsonObject) -> list[str]:
    """The texts of a section or a context."""
    found: list[object] = []
    if "text" in block:
        found.append(block["text"])
    for name in ("elements", "fields"):
        listed = block.get(name, [])
        found += listed if isinstance(listed, list) else []
    return [str(item["text"]) for item in found if isinstance(item, dict) and "text" in item]
