"""Lives through the days: the world, the bot, and at the end of each week what the oracle says of it."""

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
from simulator.demo.tally import Tally, tally
from simulator.demo.votes import Person
from simulator.demo.world import ChatMessage, WorldNow, journal, look, read_chat
from simulator.oracle import KeptAwake, Verdict, judge
from simulator.world.specs import FleetSpec

WEEK = timedelta(days=7)
_STEP = timedelta(hours=6)
# How long a request lies before people at most, where there are approvals: they look at their telephones.
_GLANCE = timedelta(minutes=5)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class JudgedWeek:
    """One week: the bot's runs, those of node images tallied by pool, the world at its end, the oracle's verdict."""

    name: str
    runs: tuple[Run, ...]
    tally: Tally
    world: WorldNow
    verdict: Verdict
    differences: tuple[Difference, ...]
    operations: tuple[Operation, ...]

    @property
    def good(self) -> bool:
        """Whether nothing was violated, and both agree about every pool and every operation."""
        agreed = all(operation.as_expected for operation in self.operations)
        return agreed and not (self.verdict.violations or self.differences)


@dataclass(frozen=True, slots=True)
class SimulatedTime:
    """All that was lived through."""

    weeks: tuple[JudgedWeek, ...]
    chat: tuple[ChatMessage, ...]
    settings: Settings
    days: int
    approvals: tuple[Approval, ...] = ()

    @property
    def good(self) -> bool:
        """Whether every week was."""
        return all(week.good for week in self.weeks)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a demonstration takes place: a simulated world that runs, the bot's folder, its configuration, what people press."""

    fleet: FleetSpec
    seed: int
    world: Mapping[str, str]
    state: Path
    config: Path
    presses: tuple[KeptAwake, ...] = ()

    @property
    def store(self) -> SqliteStore:
        """The bot's records, opened anew: whoever takes it closes it."""
        return SqliteStore(self.state / "store.sqlite")

    @property
    def settings(self) -> Settings:
        """What the configuration says."""
        return load(self.config.read_bytes(), self.config.name)


async def live(
    stage: Stage, days: int, tell: Callable[[datetime], None], desk: ApprovalDesk | None = None
) -> SimulatedTime:
    """Live through so many days, `tell` being called as they pass; a week that is begun is judged by itself.

    What needs an approval waits at the desk: without one of one's own ana approves.
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
                await _pass(stage, bot, desk, min(bot.host.now() + _STEP, week_end))
                tell(bot.host.now())
            weeks.append(await _judge(stage, settings, week_start, week_end))
        chat = await read_chat(stage.world)
    return SimulatedTime(tuple(weeks), chat, settings, days, requests_in(stage.state))


async def _pass(stage: Stage, bot: Bot, desk: ApprovalDesk, until: datetime) -> None:
    """Time passes; what people press, they press at its instant."""
    person = Person(stage.fleet, bot)
    for press in sorted(stage.presses, key=lambda press: press.at):
        if bot.host.now() < press.at <= until:
            await _glance(stage, bot, desk, press.at)
            await person.press(press)
    await _glance(stage, bot, desk, until)


async def _glance(stage: Stage, bot: Bot, desk: ApprovalDesk, until: datetime) -> None:
    """Time passes; as long as a request waits, it does not."""
    step = _GLANCE if stage.settings.has_approvals else _STEP
    while bot.host.now() < until:
        await bot.host.run_until(min(bot.host.now() + step, until))
        await desk.clear(bot.host.settle)


async def _judge(stage: Stage, settings: Settings, start: datetime, end: datetime) -> JudgedWeek:
    world, entries = await asyncio.gather(look(stage.world), journal(stage.world))
    verdict = await asyncio.to_thread(
        judge,
        stage.config.read_text(),
        stage.fleet,
        entries,
        start,
        end,
        seed=stage.seed,
        since=stage.fleet.start,
        presses=stage.presses,
    )
    with closing(stage.store) as store:
        begun = runs_of_week(store, verdict.week, start, end)
        own = tuple(run for run in begun if run.runbook == "node-image")
        halted = _never_reached(store, verdict.week, own)
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
    """The runs of an ISO week, by id: those of node images by its name, the others by when they were asked for."""
    return tuple(
        run
        for run in (stored.value for stored in runs(store).scan())
        if (run.period == week if run.runbook == "node-image" else start <= run.created < end)
    )


def _never_reached(store: Store, week: str, own: Sequence[Run]) -> frozenset[str]:
    """The clusters of a halted rollout for which no run was begun."""
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
