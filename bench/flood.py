"""Measures how long people wait during floods: 5,000 events, 2,000 slash commands, 500 manual starts, each with clicks meanwhile."""

import asyncio
import json
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence

import aiohttp

from bench.bot import Bench, click, serving, target_of
from ops.adapters.sqlite_store import SqliteStore
from ops.tables.approvals import approvals
from simulator.slack.interactions import Interaction, command_form
from simulator.slack.signing import signed
from simulator.slack.workspace import USERS

_PEOPLE, _STARTED = 80, 100
_EVENTS, _COMMANDS, _STARTS = 5_000, 2_000, 500
_EVENTS_AT_ONCE = 100
_PAUSE_S = 0.15
_CLICKS = 20
_BETWEEN_S = 5.0


def measure() -> dict[str, float]:
    """Return milliseconds: for each flood, the response to a click meanwhile; for commands also the responses to themselves."""
    return asyncio.run(_measure())


async def _measure() -> dict[str, float]:
    figures: dict[str, float] = {}
    async with serving(_PEOPLE + _STARTED, wall_clock=True) as bench:
        requesting, started = bench.clusters[:_PEOPLE], bench.clusters[_PEOPLE:]
        for cluster in requesting:
            async with bench.http.post("/api/runbooks/node-image", json={"target": target_of(cluster)}) as answer:
                answer.raise_for_status()
        tokens = await _tokens(bench)
        floods: dict[str, Callable[[], Awaitable[list[float]]]] = {
            "idle": lambda: _idle(bench),
            "events": lambda: _events(bench, target_of(requesting[0])),
            "commands": lambda: _commands(bench),
            "starts": lambda: _starts(bench, [target_of(each) for each in started]),
        }
        for name, flood in floods.items():
            clicked, tokens = tokens[:_CLICKS], tokens[_CLICKS:]
            waits, clicks = await _with_clicks(bench, flood, clicked)
            figures[f"flood_{name}_click_p99_ms"] = _percentile(clicks, 99)
            figures[f"flood_{name}_p95_ms"] = _percentile(waits, 95)
            await asyncio.sleep(_BETWEEN_S)
    return figures


async def _tokens(bench: Bench) -> list[str]:
    """Returns the tokens of the requests for approval.

    Raises:
        RuntimeError: not every run has requested approval.
    """
    await bench.host.settle()
    found = [stored.value.token for stored in approvals(SqliteStore(bench.folder / "store.sqlite")).scan()]
    if len(found) != _PEOPLE:
        raise RuntimeError(f"{len(found)} of {_PEOPLE} runs requested approval")
    return found


async def _with_clicks(
    bench: Bench, flood: Callable[[], Awaitable[list[float]]], tokens: Sequence[str]
) -> tuple[list[float], list[float]]:
    flooding = asyncio.ensure_future(flood())
    clicks: list[float] = []
    for token in tokens:
        if flooding.done() and clicks:
            break
        clicks.append(await click(bench, token))
        await asyncio.sleep(_PAUSE_S)
    return await flooding, clicks


async def _idle(bench: Bench) -> list[float]:
    """The floor: as many requests as commands, to an endpoint that only responds."""
    return await asyncio.gather(*(_timed(bench.http.get("/api/runbooks")) for _ in range(_COMMANDS)))


async def _events(bench: Bench, cluster: str) -> list[float]:
    url = "/runtime/webhooks/eventgrid?functionName=events"
    at_once = asyncio.Semaphore(_EVENTS_AT_ONCE)

    async def send(number: int) -> float:
        event = {
            "specversion": "1.0",
            "id": f"e-{number}",
            "type": "Microsoft.ContainerService.NodePoolRollingSucceeded",
            "source": cluster,
            "subject": "system",
            "data": {"nodePoolName": "system"},
        }
        async with at_once:
            return await _timed(bench.http.post(url, json=event))

    return await asyncio.gather(*(send(number) for number in range(_EVENTS)))


async def _commands(bench: Bench) -> list[float]:
    hook = f"{os.environ['SLACK_URL']}none"

    def send(number: int) -> Awaitable[float]:
        interaction = Interaction(USERS["U0ANA"], bench.host.now(), number, hook)
        body = command_form("/daytwo", "status", "C0123", interaction)
        return _timed(bench.http.post("/api/slack/commands", data=body, headers=signed(body, bench.host.now())))

    return await asyncio.gather(*(send(number) for number in range(_COMMANDS)))


async def _starts(bench: Bench, targets: Sequence[str]) -> list[float]:
    def send(number: int) -> Awaitable[float]:
        headers = {"idempotency-key": f"k-{number}"}
        body = json.dumps({"target": targets[number % len(targets)]})
        return _timed(bench.http.post("/api/runbooks/node-image", data=body, headers=headers), (200, 202, 429))

    return await asyncio.gather(*(send(number) for number in range(_STARTS)))


async def _timed(request: "aiohttp.client._RequestContextManager", statuses: tuple[int, ...] = (200, 202)) -> float:
    began = time.perf_counter()
    async with request as answer:
        if answer.status not in statuses:
            raise RuntimeError(f"{answer.url.path} answered {answer.status}: {await answer.text()}")
    return 1000 * (time.perf_counter() - began)


def _percentile(values: Sequence[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] if len(values) > 1 else values[0]
