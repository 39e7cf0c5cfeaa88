"""The real function app on the local host, configured to use a simulated world."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import ClientSession

from ops.bootstrap import forget_wiring
from ops.cli.local import APP_FOLDER
from simulator.host.clock import RemoteClock
from simulator.host.host import Host
from simulator.http_types import JsonObject
from simulator.running import control
from simulator.slack.api import TOKEN
from simulator.slack.signing import SIGNING_SECRET

EVENTS_FUNCTION = "events"
_KEY = "demonstration"


@dataclass(frozen=True, slots=True)
class Bot:
    """The app, served at `base`. Its time is advanced through `host`."""

    host: Host
    base: str

    def endpoint(self, path: str) -> str:
        """The URL of an HTTP endpoint, with the function key."""
        return f"{self.base}/api/{path}?{urlencode({'code': _KEY})}"

    async def post(self, path: str, document: JsonObject) -> None:
        """Post a request as a person's tool would.

        Raises:
            aiohttp.ClientResponseError: the bot rejected it.
        """
        async with ClientSession(raise_for_status=True) as session, session.post(self.endpoint(path), json=document):
            pass


@asynccontextmanager
async def running_bot(world: Mapping[str, str], state: Path, config: Path) -> AsyncIterator[Bot]:
    """Serve the app on the world's clock, subscribed to the world's events, with its records in `state`.

    People can select buttons in its Slack and sign in to its pages.

    The engine's state is in memory, and a run's state is purged as soon as the run is reported. Start only one bot per
    process at a time: the app reads its settings from the environment of the process, which is restored at the end.
    """
    port = _free_port()
    settings = {
        **world,
        "DAYTWO_URL": f"http://127.0.0.1:{port}",
        "DAYTWO_PAGE_KEY": secrets.token_urlsafe(32),
        "DAYTWO_BUDGET_KEY": secrets.token_urlsafe(32),
        "WEBSITE_AUTH_ENABLED": "True",
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        "DAYTWO_STATE": str(state),
        "DAYTWO_CONFIG": str(config),
        "DAYTWO_PURGE_AFTER_H": "0",
        "SLACK_TOKEN": TOKEN,
        "TEAMS_WEBHOOK": world["TEAMS_URL"],
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    host = Host(APP_FOLDER, RemoteClock(world["CLOCK_URL"]), port=port, function_key=_KEY)
    try:
        bot = Bot(host, await host.start())
        try:
            query = urlencode({"functionName": EVENTS_FUNCTION, "code": _KEY})
            webhook = f"{bot.base}/runtime/webhooks/eventgrid?{query}"
            await asyncio.to_thread(control, world, "/subscribers", {"url": webhook, "schema": "eventgrid"})
            budget = f"{bot.base}/api/alerts/budget?{urlencode({'key': settings['DAYTWO_BUDGET_KEY']})}"
            alerts: JsonObject = {"url": budget, "schema": "action-group"}
            await asyncio.to_thread(control, world, "/subscribers", alerts)
            for endpoint in ("interactions", "commands"):
                slack: JsonObject = {"url": f"{bot.base}/api/slack/{endpoint}", "schema": f"slack-{endpoint}"}
                await asyncio.to_thread(control, world, "/subscribers", slack)
            yield bot
        finally:
            await host.stop()
    finally:
        # The next bot has another world, so it must not reuse this bot's clients.
        forget_wiring()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _free_port() -> int:
    """A free port, chosen in advance because the settings contain links to the bot's pages before the bot serves them."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
