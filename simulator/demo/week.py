"""Simulates the days: runs the world and the bot, and has the oracle judge each week when it ends."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ops.adapters.sqlite_store import SqliteStore
from ops.config import load
from ops.model.approval import Approval
from ops.model.run import Run, State
from ops.policy.calendar import iso_week
from ops.policy.select import ring_window
from ops.ports.store import Store
from ops.settings import Settings
from ops.tables.runs import rollouts, runs
from simulator.demo.approvals import ApprovalDesk, requests_in
from simulator.demo.bot import Bot, running_bot
from simulator.demo.differences import Difference, differences
from simulator.demo.operations import Operation, tally_operations
from simulator.demo.overrides import Person
from simulator.demo.tally import Tally, tally
from simulator.demo.world import ChatMessage, WorldNow, journal, read_chat, read_world
from simulator.oracle import AwakeOverride, Verdict, judge
from simulator.world.specs import FleetSpec

WEEK = timedelta(days=7)
_STEP = timedelta(hours=6)
# The maximum simulated time between two checks for pending requests.
_POLL_INTERVAL = timedelta(minutes=5)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class JudgedWeek:
    """One week: the bot's runs, the outcome of each pool's node images, the world at the end, and the oracle's verdict."""

    name: str
    runs: tuple[Run, ...]
    tally: Tally
    world: WorldNow
    verdict: Verdict
    differences: tuple[Difference, ...]
    operations: tuple[Operation, ...]

    @property
    def good(self) -> bool:
        """Whether no rule was violated, and the bot and the oracle agree on every pool and operation."""
        agreed = all(operation.as_expected for operation in self.operations)
        return agreed and not (self.verdict.violations or self.differences)


@dataclass(frozen=True, slots=True)
class SimulatedTime:
    """The result of all simulated weeks."""

    weeks: tuple[JudgedWeek, ...]
    chat: tuple[ChatMessage, ...]
    settings: Settings
    days: int
    approvals: tuple[Approval, ...] = ()

    @property
    def good(self) -> bool:
        """Whether every week was good."""
        return all(week.good for week in self.weeks)


@dataclass(frozen=True, slots=True)
class Stage:
    """The setup for a demonstration: a running simulated world, the bot's folder, its configuration, and people's overrides."""

    fleet: FleetSpec
    seed: int
    world: Mapping[str, str]
    state: Path
    config: Path
    overrides: tuple[AwakeOverride, ...] = ()

    @property
    def store(self) -> SqliteStore:
        """The bot's records, through a new connection that the caller must close."""
        return SqliteStore(self.state / "store.sqlite")

    @property
    def settings(self) -> Settings:
        """The configuration."""
        return load(self.config.read_bytes(), self.config.name)


async def simulate(
    stage: Stage, days: int, report_progress: Callable[[datetime], None], desk: ApprovalDesk | None = None
) -> SimulatedTime:
    """Simulate the days and call `report_progress` as they pass. Each week that starts is judged separately.

    Requests that need approval wait at the desk. Without a desk, Ana approves them.
    """
    settings = stage.settings
    desk = desk or ApprovalDesk(stage.world, stage.state)
    start = stage.fleet.start
    end = start + timedelta(days=days)
    weeks: list[JudgedWeek] = []
    async with running_bot(stage.world, stage.state, stage.config) as bot:
        while bot.host.now() < end:
            week_start, week_end = start + len(weeks) * WEEK, min(start + (len(weeks) + 1) * WEEK, end)
            while bot.host.now() < week_end:
                await _advance_with_overrides(stage, bot, desk, min(bot.host.now() + _STEP, week_end))
                report_progress(bot.host.now())
            weeks.append(await _judge(stage, settings, week_start, week_end))
        chat = await read_chat(stage.world)
    return SimulatedTime(tuple(weeks), chat, settings, days, requests_in(stage.state))


async def _advance_with_overrides(stage: Stage, bot: Bot, desk: ApprovalDesk, until: datetime) -> None:
    """Advance time, requesting overrides when they are due."""
    person = Person(stage.fleet, bot)
    for override in sorted(stage.overrides, key=lambda override: override.at):
        if bot.host.now() < override.at <= until:
            await _advance(stage, bot, desk, override.at)
            await person.override(override)
    await _advance(stage, bot, desk, until)


async def _advance(stage: Stage, bot: Bot, desk: ApprovalDesk, until: datetime) -> None:
    """Advance time, except while a request is pending."""
    step = _POLL_INTERVAL if stage.settings.has_approvals else _STEP
    while bot.host.now() < until:
        await bot.host.run_until(min(bot.host.now() + step, until))
        await desk.wait_until_decided(bot.host.settle)


async def _judge(stage: Stage, settings: Settings, start: datetime, end: datetime) -> JudgedWeek:
    world, entries = await asyncio.gather(read_world(stage.world), journal(stage.world))
    verdict = await asyncio.to_thread(
        judge,
        stage.config.read_text(),
        stage.fleet,
        entries,
        start,
        end,
        seed=stage.seed,
        since=stage.fleet.start,
        overrides=stage.overrides,
    )
    with closing(stage.store) as store:
        begun = runs_of_week(store, verdict.week, start, end)
        own = tuple(run for run in begun if run.runbook == "node-image")
        halted = _not_reached(store, verdict.week, own)
    ours = tally(world.clusters, settings, own, halted=halted)
    return JudgedWeek(
        verdict.week,
        begun,
        ours,
        world,
        verdict,
        differences(ours, verdict, whole_week=_is_over(settings, start, end)),
        tally_operations(begun, verdict.expected),
    )


def runs_of_week(store: Store, week: str, start: datetime, end: datetime) -> tuple[Run, ...]:
    """The runs of an ISO week by id. A node image run has its week in its name; the week of any other run is that of its request."""
    return tuple(
        run
        for run in (stored.value for stored in runs(store).scan())
        if (run.period == week if run.runbook == "node-image" else start <= run.created < end)
    )


def _not_reached(store: Store, week: str, own: Sequence[Run]) -> frozenset[str]:
    """The clusters in halted rollouts for which no run was started."""
    begun = {run.target_name for run in own}
    named = {
        name
        for stored in rollouts(store).scan()
        if stored.value.plan.period == week and stored.value.state is State.HALTED
        for ring in stored.value.plan.rings
        for _, name in ring.targets
    }
    return frozenset(named - begun)


def _is_over(settings: Settings, start: datetime, end: datetime) -> bool:
    zone = ring_window(settings, settings.fleet.rings[0]).zone
    return iso_week(end, zone) != iso_week(start + _HOUR, zone)
