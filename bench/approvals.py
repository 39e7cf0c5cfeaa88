"""Measures the time from a signed button click in Slack to the response and to the resumed run, and how fast messages are rendered."""

import asyncio
import json
import statistics
import time
from datetime import timedelta
from typing import Literal

import aiohttp

from bench.bot import click, serving, target_of
from ops.adapters.sqlite_store import SqliteStore
from ops.chats import renderer
from ops.model.approval import Approval
from ops.render.approval import approval_message
from ops.tables.approvals import approvals

_CLICKS = 100
_RENDERED = 2_000


def measure() -> dict[str, float]:
    """Return milliseconds, compared with an endpoint that only responds, and messages per second, compared with only encoding JSON."""
    figures, requests = asyncio.run(_click_all())
    return {**figures, **_rendered(requests)}


async def _click_all() -> tuple[dict[str, float], list[Approval]]:
    began: dict[str, float] = {}

    def boundary(when: Literal["before", "after"], activity: str, instance: str, /) -> None:
        if (when, activity) == ("before", "lease"):
            began.setdefault(instance, time.perf_counter())

    async with serving(_CLICKS, boundary) as bench:
        host = bench.host
        cold_ms = await click(bench, "no-such-word")
        for cluster in bench.clusters:
            async with bench.http.post("/api/runbooks/node-image", json={"target": target_of(cluster)}) as answer:
                answer.raise_for_status()
        await host.settle()
        # Slack accepts one post per second and channel. Creating a request does not wait until it is posted.
        await host.run_until(host.now() + timedelta(minutes=2))
        requests = [stored.value for stored in approvals(SqliteStore(bench.folder / "store.sqlite")).scan()]
        answered, resumed, floor = [], [], []
        for request in requests:
            # Let time pass between two clicks, so that Azure's throttling does not affect the result.
            await host.run_until(host.now() + timedelta(seconds=40))
            floor.append(await _idle(bench.http))
            clicked = time.perf_counter()
            answered.append(await click(bench, request.token))
            await host.settle()
            resumed.append(1000 * (began[request.parts[0].run] - clicked))
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


async def _idle(http: aiohttp.ClientSession) -> float:
    began = time.perf_counter()
    async with http.get("/api/runbooks") as answer:
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
