"""The bot on the local host for benchmarks, with a fleet of small clusters whose node images are behind."""

import os
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Protocol

import aiohttp

from ops.bootstrap import forget_wiring
from simulator.host.clock import RemoteClock, WallClock
from simulator.host.host import Host
from simulator.http_types import JsonObject
from simulator.running import running_simulation
from simulator.slack.api import TOKEN
from simulator.slack.interactions import Interaction, button_of, click_payload
from simulator.slack.messages import Message
from simulator.slack.signing import SIGNING_SECRET, signed
from simulator.slack.workspace import USERS
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 11, 16, 22, 5, tzinfo=UTC)
_KEY = "key-of-the-bench"
_CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
windows:
  nights: {days: mon-sun, from: "22:00", to: "21:59", zone: UTC}
node-image: {window: nights, approval: {from: ana, self: allow}}
identity: {slack-team: T0DAYTWO}
people: {ana: {slack: U0ANA}}
chat:
  slack: {channel: C0123}
"""


class Boundary(Protocol):
    """Called right before an activity runs, and again when its result is known but not yet recorded."""

    def __call__(self, when: Literal["before", "after"], activity_name: str, instance_id: str, /) -> None:
        """Observes the activity."""
        ...


@dataclass(frozen=True)
class Bench:
    """A running bot: its clusters, its host, a client that has the function key, and the folder with its records."""

    clusters: tuple[ClusterSpec, ...]
    host: Host
    http: aiohttp.ClientSession
    folder: Path


@asynccontextmanager
async def serving(clusters: int, boundary: Boundary | None = None, *, wall_clock: bool = False) -> AsyncIterator[Bench]:
    """Serves the bot for this many clusters.

    With `wall_clock`, the bot and its host use the machine's clock; otherwise each reading of the clock is a request to the
    simulated world, which would dominate the time of short requests.
    """
    pool = PoolSpec("system", 1, mode="System", max_surge="1")
    specs = tuple(
        ClusterSpec(f"bench-{n:03}", "westeurope", (pool,), resource_group="rg", tags=(("env", "dev"),))
        for n in range(clusters)
    )
    fleet = FleetSpec("bench", datetime.now(UTC) if wall_clock else START, (RegionSpec("westeurope"),), specs)
    with running_simulation(fleet) as world, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "daytwo.yaml").write_text(_CONFIG)
        settings = {
            **world.environment,
            "DAYTWO_STATE": name,
            "DAYTWO_CONFIG": str(folder / "daytwo.yaml"),
            "SLACK_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        }
        clock = WallClock() if wall_clock else RemoteClock(settings["CLOCK_URL"])
        if wall_clock:
            del settings["CLOCK_URL"]
        os.environ.update(settings)
        forget_wiring()
        host = Host(ROOT, clock, function_key=_KEY, boundary=boundary)
        url = await host.start()
        unlimited = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(url, headers={"x-functions-key": _KEY}, connector=unlimited) as http:
            yield Bench(specs, host, http, folder)
        await host.stop()
        for key in settings:
            os.environ.pop(key, None)
        forget_wiring()


def target_of(cluster: ClusterSpec) -> str:
    """Returns the ARM id of a cluster."""
    group = f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.resource_group}"
    return f"{group}/providers/Microsoft.ContainerService/managedClusters/{cluster.name}"


async def click(bench: Bench, token: str) -> float:
    """Approves the request of a token in Slack; returns the milliseconds until the response.

    Raises:
        RuntimeError: the message has no button.
    """
    button: JsonObject = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": "approve.0"}
    now = bench.host.now()
    message = Message("C0123", "1.1", now, "", [{"type": "actions", "elements": [button | {"value": token}]}], [])
    found = button_of(message, "approve.0")
    if found is None:
        raise RuntimeError("the message does not have its button")
    hook = f"{os.environ['SLACK_URL']}none"
    body = click_payload(message, found, Interaction(USERS["U0ANA"], now, hash(token) % 10**9, hook))
    began = time.perf_counter()
    async with bench.http.post("/api/slack/interactions", data=body, headers=signed(body, now)) as answer:
        answer.raise_for_status()
    return 1000 * (time.perf_counter() - began)
