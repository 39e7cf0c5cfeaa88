"""Five hundred runs tell their states through a Slack that is nearly down: afterwards each message is there once, in its last state."""

import heapq
import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

import pytest

from ops.chats.slack.client import SlackChat
from ops.chats.slack.renderer import render
from ops.messaging.message_sync import report_run
from ops.messaging.outbox import flush_outbox
from ops.model.outcome import Progress
from ops.model.run import Run, State, StepRecord, StepState
from ops.ports.bundle import Ports
from ops.render.run import run_details, run_message
from ops.runbooks import runbooks
from ops.tables.messages import messages
from simulator.faults import Faults, Surface
from simulator.slack.api import TOKEN
from tests.fakes import MONDAY, World, cluster
from tests.slack_server import SlackServer, serving

RUNS = 500
TICK = timedelta(minutes=5)
# All begin together, as a window opens; what follows is spread over the night.
BEGIN, NIGHT = timedelta(minutes=10), timedelta(hours=3)
BOOK = runbooks()["node-image"]


def life(number: int) -> list[Run]:
    """The states of one run, in their order; every fifth has two pools, and so a thread."""
    pools = ("user1", "user2") if number % 5 == 0 else ("user1",)
    channel = "C0456" if number % 3 == 0 else "C0123"
    waiting = Run(
        f"node-image.shop-{number}.2026-w47",
        "node-image",
        cluster().id,
        f"shop-{number}",
        "2026-w47",
        MONDAY,
        "http",
        "ana",
        why="waits for the window",
        until=MONDAY + BEGIN,
        channels=(f"slack|{channel}",),
    )
    states = [waiting]
    done: tuple[StepRecord, ...] = ()
    for pool in pools:
        began = StepRecord(f"pool.{pool}", pool, StepState.RUNNING, began=MONDAY + BEGIN, progress=Progress(1, 3))
        ended = replace(began, state=StepState.DONE, ended=MONDAY + NIGHT, evidence=f"{pool}: 3 of 3 nodes run it")
        steps = (began, replace(began, progress=Progress(2, 3)), ended)
        acting = replace(waiting, state=State.RUNNING, acted=True, until=None, why="")
        states += [replace(acting, steps=(*done, step)) for step in steps]
        done = (*done, ended)
    last = State.FAILED if number % 7 == 0 else State.DONE
    return [*states, replace(states[-1], state=last, ended=MONDAY + NIGHT, headline=f"run {number} has ended")]


@dataclass
class Night:
    """The runs' states as they come, and the tick; `pause` is how a tick waits: meanwhile the runs go on."""

    slack: SlackServer
    world: World
    due: list[tuple[float, int, Run]] = field(default_factory=list)
    reports: int = 0

    def __post_init__(self) -> None:
        draw = Random(7)  # noqa: S311 - a night that is the same each time
        for number in range(RUNS):
            states = life(number)
            later = sorted(draw.uniform(BEGIN.total_seconds(), NIGHT.total_seconds()) for _ in states[1:])
            for at, state in zip([draw.uniform(0, BEGIN.total_seconds()), *later], states, strict=True):
                heapq.heappush(self.due, (at, number, state))
        context = self.world.context
        self.ports: Ports = replace(
            context.ports, chats=(SlackChat(TOKEN, "C0123", self.slack.url),), clock=self.slack.clock
        )

    def live(self, seconds: float) -> None:
        """Time passes, and every run that changes reports once: one attempt, as an activity makes it."""
        clock = self.slack.clock
        end = clock.at + timedelta(seconds=seconds)
        while self.due and MONDAY + timedelta(seconds=self.due[0][0]) <= end:
            at, _, run = heapq.heappop(self.due)
            clock.at = max(clock.at, MONDAY + timedelta(seconds=at))
            self.reports += 1
            report_run(self.ports, run)
        clock.at = end

    def tick(self) -> int:
        """The five-minute timer; how many messages still wait after it."""
        began = self.slack.clock.at
        waiting = flush_outbox(self.ports, self.live)
        self.live((began + TICK - self.slack.clock.at).total_seconds())
        return waiting


@dataclass(frozen=True, slots=True)
class Told:
    """What a night came to."""

    slack: SlackServer
    world: World
    ticks_after: int
    reports: int
    fired: dict[str, int]


@pytest.fixture(scope="module")
def told() -> Told:
    return tell(3)


def tell(seed: int) -> Told:
    """A night of its own: what fails, and when."""
    world = World()
    faults = Faults("failing", seed, (Surface.SLACK,))
    with serving(SlackServer(world.clock, faults)) as slack:
        night = Night(slack, world)
        while night.due:
            night.tick()
        slack.faults = None
        ticks = 1
        while night.tick() and ticks < 100:
            ticks += 1
        fired = {fault.value: count for (_, fault), count in faults.counts.items() if count}
        return Told(slack, world, ticks, night.reports, fired)


def expected() -> dict[str, str]:
    """What each message says at the end, by its key."""
    found = {}
    for number in range(RUNS):
        run = life(number)[-1]
        for message in (run_message(run, BOOK), run_details(run, BOOK.title)):
            if message is not None:
                found[message.subject] = json.dumps(render(message)["blocks"], sort_keys=True)
    return found


def test_no_message_is_lost_and_none_is_doubled(told: Told) -> None:
    copies = {key: len(shown) for key, shown in told.slack.shown().items()}
    assert copies == dict.fromkeys(expected(), 1)
    assert len(copies) == 600


def test_each_is_in_its_last_state(told: Told) -> None:
    shown = {key: json.dumps(found[0].blocks, sort_keys=True) for key, found in told.slack.shown().items()}
    assert shown == expected()


def test_an_answer_stands_in_the_thread_of_its_run(told: Told) -> None:
    shown = told.slack.shown()
    details = [key for key in shown if key.endswith(".details")]
    assert len(details) == 100
    for key in details:
        root = shown[key.removesuffix(".details")][0]
        assert (shown[key][0].thread_ts, shown[key][0].channel) == (root.ts, root.channel)


def test_nothing_is_left_to_send_soon_after_it_recovered(told: Told) -> None:
    assert list(told.world.store.scan("outbox")) == []
    assert [stored.key for stored in messages(told.world.store).scan() if stored.value.dirty] == []
    assert told.ticks_after <= 4


def test_after_too_many_calls_nothing_of_the_kind_is_called_before_slack_said(told: Told) -> None:
    """Slack counts posts by channel, and all other methods in the whole workspace."""
    until: dict[str, float] = {}
    early = []
    for call in told.slack.asked:
        line = f"{call.method} {call.channel}" if call.method == "chat.postMessage" else call.method
        if call.at.timestamp() < until.get(line, 0):
            early.append(call)
        if call.status == 429:
            until[line] = (call.at + call.waits).timestamp()
    assert early == []


def test_it_was_a_storm(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    """The precondition of all of the above; Slack's own limits are met seldom, by those that never wait."""
    statuses = Counter(call.status for call in told.slack.asked)
    limited = statuses[429] - told.fired["429"]
    with capsys.disabled():
        calls = f"{len(told.slack.asked)} calls, {limited} limited by Slack, {told.fired} spoilt"
        sys.stdout.write(f"\n{RUNS} runs, {told.reports} reports: {calls}; sent {told.ticks_after} ticks after\n")
    spoilt = sum(told.fired.values())
    assert 0.35 < spoilt / (len(told.slack.asked) - limited) < 0.45
    assert told.fired.keys() == {"429", "500", "503", "lost"}
    assert limited < len(told.slack.asked) * 0.2


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_no_night_loses_or_doubles_anything(seed: int) -> None:
    told = tell(seed)
    test_no_message_is_lost_and_none_is_doubled(told)
    test_each_is_in_its_last_state(told)
    test_an_answer_stands_in_the_thread_of_its_run(told)
    test_nothing_is_left_to_send_soon_after_it_recovered(told)
    test_after_too_many_calls_nothing_of_the_kind_is_called_before_slack_said(told)
