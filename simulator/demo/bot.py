"""The real function app on the local host, in an environment that points at a simulated world."""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

from ops.bootstrap import wiring
from ops.cli.local import APP_FOLDER
from simulator.host.clock import RemoteClock
from simulator.host.host import Host
from simulator.slack.api import TOKEN
from simulator.testing import control

EVENTS_FUNCTION = "events"


@asynccontextmanager
async def running_bot(world: Mapping[str, str], state: Path, config: Path) -> AsyncIterator[Host]:
    """Serve the app on the world's clock, told of the world's events, with its records in `state`.

    The engine's state is kept in memory and purged as soon as a run has been reported. One bot a process at a time:
    the app reads its settings from the process's environment, which is put back afterwards.
    """
    settings = {
        **world,
        "DAYTWO_STATE": str(state),
        "DAYTWO_CONFIG": str(config),
        "DAYTWO_PURGE_AFTER_H": "0",
        "SLACK_TOKEN": TOKEN,
    }
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    key = "demonstration"
    host = Host(APP_FOLDER, RemoteClock(world["CLOCK_URL"]), function_key=key)
    try:
        base = await host.start()
        try:
            query = urlencode({"functionName": EVENTS_FUNCTION, "code": key})
            webhook = f"{base}/runtime/webhooks/eventgrid?{query}"
            await asyncio.to_thread(control, world, "/subscribers", {"url": webhook, "schema": "eventgrid"})
            yield host
        finally:
            await host.stop()
    finally:
        # What one bot was wired to is no world of the next one's.
        wiring.cache_clear()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
