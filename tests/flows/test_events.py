"""The real app's Event Grid endpoint: an event wakes a waiting run once. Invalid events are recorded and not retried indefinitely."""

import asyncio
from pathlib import Path

import pytest

from simulator.http_types import JsonObject
from simulator.running import Running
from tests.flows.bot import Bot, target_of
from tests.flows.fleet import CONFIG, TWO_POOLS, after
from tests.simulator.host.harness import async_test

ROLLING = "Microsoft.ContainerService.NodePoolRollingSucceeded"
BODIES: dict[str, JsonObject] = {
    "eventgrid": {
        "id": "e1",
        "topic": target_of(TWO_POOLS),
        "subject": "shop-dev",
        "eventType": ROLLING,
        "eventTime": "2026-11-16T21:06:00Z",
        "data": {"nodePoolName": "system"},
        "dataVersion": "1",
        "metadataVersion": "1",
    },
    "cloudevents": {
        "specversion": "1.0",
        "id": "e1",
        "source": target_of(TWO_POOLS),
        "type": ROLLING,
        "subject": "shop-dev",
        "time": "2026-11-16T21:06:00Z",
        "data": {"nodePoolName": "system"},
    },
}
DAY = "2026-11-16"


@pytest.mark.parametrize("schema", BODIES)
@async_test
async def test_an_event_wakes_a_waiting_run_once(bot: Bot, schema: str) -> None:
    async with bot:
        run = await bot.start_run(TWO_POOLS)
        assert bot.calls == [f"assess {run}"]
        assert await bot.send_event(BODIES[schema]) == 202
        assert bot.calls == [f"assess {run}"] * 2
        assert await bot.send_event(BODIES[schema]) == 202
        assert bot.calls == [f"assess {run}"] * 2


@pytest.mark.parametrize("schema", BODIES)
@async_test
async def test_the_simulated_events_wake_the_run(simulation: Running, tmp_path: Path, schema: str) -> None:
    async with Bot(simulation, tmp_path, CONFIG, schema=schema) as bot:
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=50))
        assert bot.run(run).state == "done"
        assert simulation.simulation.delivery.delivered >= 4
        assert simulation.simulation.delivery.dropped == 0


@pytest.mark.parametrize(
    "event",
    # The time is always valid: Event Grid rejects events with an invalid time, and Microsoft's binding relies on that.
    [
        {"id": "e2", "eventType": ROLLING, "topic": "t", "subject": "s", "data": "no object"},
        {"specversion": "1.0", "id": "", "type": ROLLING, "source": "/s"},
        {"specversion": "1.0", "id": "e3", "type": "", "source": "/s"},
        {"nothing": "known"},
    ],
)
@async_test
async def test_an_invalid_event_is_recorded_and_not_retried(bot: Bot, event: JsonObject) -> None:
    async with bot:
        assert await bot.send_event(event) == 202
        (entry,) = bot.ledger(DAY)
        assert (entry.kind, entry.text.startswith("an event could not be read")) == ("unreadable", True)


@async_test
async def test_an_unrelated_event_is_recorded_without_waking_a_run(bot: Bot) -> None:
    async with bot:
        run = await bot.start_run(TWO_POOLS)
        other = BODIES["cloudevents"] | {"type": "Microsoft.ContainerService.NewKubernetesVersionAvailable"}
        assert await bot.send_event(other) == 202
        assert bot.calls == [f"assess {run}"]
        texts = [entry.text for entry in bot.ledger(DAY) if entry.kind == "event"]
        assert texts == ["Daytwo does not act on Microsoft.ContainerService.NewKubernetesVersionAvailable"]


@async_test
async def test_concurrent_events_do_not_start_a_second_upgrade(bot: Bot) -> None:
    async with bot:
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=2))
        bodies = [BODIES["cloudevents"] | {"id": f"burst-{number}"} for number in range(20)]
        assert await asyncio.gather(*(bot.send_event(body) for body in bodies)) == [202] * 20
        await bot.run_until(after(minutes=50))
        assert bot.started_operations() == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]
        assert bot.run(run).state == "done"
