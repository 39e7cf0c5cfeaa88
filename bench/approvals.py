"""Measures the time from a signed button click in Slack to the response and to the resumed run, and how fast messages are rendered."""

import asyncio
import json
import os
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import aiohttp

from ops.adapters.sqlite_store import SqliteStore
from ops.bootstrap import forget_wiring
from ops.chats import renderer
from ops.model.approval import Approval
from ops.render.approval import approval_message
from ops.tables.approvals import approvals
from simulator.host.clock import RemoteClock
from simulator.host.host import Host
from simulator.http_types import JsonObject
from simulator.running import Running, running_simulation
from simulator.slack.api import TOKEN
from simulator.slack.interactions import Interaction, button_of, click_payload
from simulator.slack.messages import Message
from simulator.slack.signing import SIGNING_SECRET, signed
from simulator.slack.workspace import USERS
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2026, 11, 16, 22, 5, tzinfo=UTC)
_CLICKS = 100
_RENDERED = 2_000
_KEY = "key-of-the-bench"
_CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}
node-image: {window: nights, approval: {from: ana, self: allow}}
identity: {slack-team: T0DAYTWO}
people: {ana: {slack: U0ANA}}
chat:
  slack: {channel: C0123}
"""


def measure() -> dict[str, float]:
    """Return milliseconds, compared with an endpoint that only responds, and messages per second, compared with only encoding JSON."""
    pool = PoolSpec("system", 1, mode="System", max_surge="1")
    clusters = tuple(
        ClusterSpec(f"bench-{n:03}", "westeurope", (pool,), resource_group="rg", tags=(("env", "dev"),))
        for n in range(_CLICKS)
    )
    fleet = FleetSpec("bench", START, (RegionSpec("westeurope"),), clusters)
    with running_simulation(fleet) as world, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "daytwo.yaml"
        config.write_text(_CONFIG)
        settings = {
            **world.environment,
            "DAYTWO_STATE": folder,
            "DAYTWO_CONFIG": str(config),
            "SLACK_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        }
        os.environ.update(settings)
        forget_wiring()
        figures, requests = asyncio.run(_click_all(world, clusters, Path(folder)))
        for name in settings:
            os.environ.pop(name, None)
        forget_wiring()
    return {**figures, **_rendered(requests)}


async def _click_all(
    world: Running, clusters: tuple[ClusterSpec, ...], folder: Path
) -> tuple[dict[str, float], list[Approval]]:
    began: dict[str, float] = {}

    def boundary(when: Literal["before", "after"], activity: str, instance: str, /) -> None:
        if (when, activity) == ("before", "lease"):
            began.setdefault(instance, time.perf_counter())

    host = Host(ROOT, RemoteClock(world.environment["CLOCK_URL"]), function_key=_KEY, boundary=boundary)
    url = await host.start()
    async with aiohttp.ClientSession(url, headers={"x-functions-key": _KEY}) as http:
        cold_ms = await _click(http, host, "no-such-word")
        for cluster in clusters:
            await _begin(http, cluster)
        await host.settle()
        # Slack accepts one post per second and channel. Creating a request does not wait until it is posted.
        await host.run_until(host.now() + timedelta(minutes=2))
        store = SqliteStore(folder / "store.sqlite")
        requests = [stored.value for stored in approvals(store).scan()]
        answered, resumed, floor = [], [], []
        for request in requests:
            # Let time pass between two clicks, so that Azure's throttling does not affect the result.
            await host.run_until(host.now() + timedelta(seconds=40))
            floor.append(await _idle(http))
            clicked = time.perf_counter()
            answered.append(await _click(http, host, request.token))
            await host.settle()
            resumed.append(1000 * (began[request.parts[0].run] - clicked))
    await host.stop()
    if len(answered) != _CLICKS:
        raise RuntimeError(f"{len(answered)} of {_CLICKS} runs requested approval")
    floor_ms = statistics.median(floor)
    return {
        "first_click_of_process_ms": cold_ms,
        "click_response_p50_ms": statistics.median(answered),
        "click_response_p99_ms": statistics.quantiles(answered, n=100)[98],
        "click_to_resumed_run_p50_ms": statistics.median(resumed),
        "click_to_resumed_run_p99_ms": statistics.quantiles(resumed, n=100)[98],
        "click_floor_p50_ms": floor_ms,
        "click_to_floor_ratio": statistics.median(answered) / floor_ms,
    }, requests


async def _begin(http: aiohttp.ClientSession, cluster: ClusterSpec) -> None:
    group = f"/subscriptions/{cluster.subscription}/resourceGroups/{cluster.resource_group}"
    target = f"{group}/providers/Microsoft.ContainerService/managedClusters/{cluster.name}"
    async with http.post("/api/runbooks/node-image", json={"target": target}) as answer:
        answer.raise_for_status()


async def _idle(http: aiohttp.ClientSession) -> float:
    began = time.perf_counter()
    async with http.get("/api/runbooks") as answer:
        answer.raise_for_status()
    return 1000 * (time.perf_counter() - began)


async def _click(http: aiohttp.ClientSession, host: Host, token: str) -> float:
    button: JsonObject = {"type": "button", "text": {"type": "plain_text", "text": "x"}, "action_id": "approve.0"}
    message = Message(
        "C0123", "1.1", host.now(), "", [{"type": "actions", "elements": [button | {"value": token}]}], []
    )
    found = button_of(message, "approve.0")
    if found is None:
        raise RuntimeError("the message does not have its button")
    hook = f"{os.environ['SLACK_URL']}none"
    body = click_payload(message, found, Interaction(USERS["U0ANA"], host.now(), hash(token) % 10**9, hook))
    began = time.perf_counter()
    async with http.post("/api/slack/interactions", data=body, headers=signed(body, host.now())) as answer:
        answer.raise_for_status()
    return 1000 * (time.perf_counter() - began)


def _rendered(requests: list[Approval]) -> dict[str, float]:
    """Measure whole messages, from the request to the JSON for each chat."""
    chats = ("slack", "teams", "teams-bot")
    begun = time.perf_counter()
    written = [
        json.dumps(renderer(chats[n % 3])(approval_message(requests[n % len(requests)], "Node images", (), "")))
        for n in range(_RENDERED)
    ]
    took_s = time.perf_counter() - begun
    contents = [json.loads(text) for text in written]
    begun = time.perf_counter()
    for content in contents:
        json.dumps(content)
    floor_s = time.perf_counter() - begun
    return {"messages_rendered_per_s": _RENDERED / took_s, "messages_rendered_to_json_ratio": took_s / floor_s}
