"""Five hundred runs report to Slack, which often fails. In the end each message exists once, in its final state."""

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
# All runs begin together when a window opens. Their later states are spread over the night.
BEGIN, NIGHT = timedelta(minutes=10), timedelta(hours=3)
BOOK = runbooks()["node-image"]


def states_of(number: int) -> list[Run]:
    """The states of one run, in order. Every fifth run has two pools and therefore a thread."""
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
    """The runs' states as they occur, and the tick. While a tick pauses, the runs continue."""

    slack: SlackServer
    world: World
    due: list[tuple[float, int, Run]] = field(default_factory=list)
    reports: int = 0

    def __post_init__(self) -> None:
        draw = Random(7)  # noqa: S311 - the same night in each test
        for number in range(RUNS):
            states = states_of(number)
            later = sorted(draw.uniform(BEGIN.total_seconds(), NIGHT.total_seconds()) for _ in states[1:])
            for at, state in zip([draw.uniform(0, BEGIN.total_seconds()), *later], states, strict=True):
                heapq.heappush(self.due, (at, number, state))
        context = self.world.context
        self.ports: Ports = replace(
            context.ports, chats=(SlackChat(TOKEN, "C0123", self.slack.url),), clock=self.slack.clock
        )

    def pass_time(self, seconds: float) -> None:
        """Move the clock. Every run that changes reports once, in a single attempt, as an activity does."""
        clock = self.slack.clock
        end = clock.at + timedelta(seconds=seconds)
        while self.due and MONDAY + timedelta(seconds=self.due[0][0]) <= end:
            at, _, run = heapq.heappop(self.due)
            clock.at = max(clock.at, MONDAY + timedelta(seconds=at))
            self.reports += 1
            report_run(self.ports, run)
        clock.at = end

    def tick(self) -> int:
        """Fire the five-minute timer. Return the number of messages that are still waiting afterwards."""
        began = self.slack.clock.at
        waiting = flush_outbox(self.ports, self.pass_time)
        self.pass_time((began + TICK - self.slack.clock.at).total_seconds())
        return waiting


@dataclass(frozen=True, slots=True)
class NightResult:
    """The outcome of one night."""

    slack: SlackServer
    world: World
    ticks_after: int
    reports: int
    fired: dict[str, int]


@pytest.fixture(scope="module")
def night() -> NightResult:
    return run_night(3)


def run_night(seed: int) -> NightResult:
    """Simulate one night. The seed determines which calls fail."""
    world = World()
    faults = Faults("failing", seed, (Surface.SLACK,))
    with serving(SlackServer(world.clock, faults)) as slack:
        simulated = Night(slack, world)
        while simulated.due:
            simulated.tick()
        slack.faults = None
        ticks = 1
        while simulated.tick() and ticks < 100:
            ticks += 1
        fired = {fault.value: count for (_, fault), count in faults.counts.items() if count}
        return NightResult(slack, world, ticks, simulated.reports, fired)


def expected() -> dict[str, str]:
    """The final content of each message, by key."""
    found = {}
    for number in range(RUNS):
        run = states_of(number)[-1]
        for message in (run_message(run, BOOK), run_details(run, BOOK.title)):
            if message is not None:
                found[message.subject] = json.dumps(render(message)["blocks"], sort_keys=True)
    return found


def test_each_message_exists_exactly_once(night: NightResult) -> None:
    copies = {key: len(shown) for key, shown in night.slack.shown().items()}
    assert copies == dict.fromkeys(expected(), 1)
    assert len(copies) == 600


def test_each_message_shows_the_final_state(night: NightResult) -> None:
    shown = {key: json.dumps(found[0].blocks, sort_keys=True) for key, found in night.slack.shown().items()}
    assert shown == expected()


def test_details_are_posted_in_the_thread_of_their_run(night: NightResult) -> None:
    shown = night.slack.shown()
    details = [key for key in shown if key.endswith(".details")]
    assert len(details) == 100
    for key in details:
        root = shown[key.removesuffix(".details")][0]
        assert (shown[key][0].thread_ts, shown[key][0].channel) == (root.ts, root.channel)


def test_the_outbox_is_empty_soon_after_slack_has_recovered(night: NightResult) -> None:
    assert list(night.world.store.scan("outbox")) == []
    assert [stored.key for stored in messages(night.world.store).scan() if stored.value.dirty] == []
    assert night.ticks_after <= 4


def test_after_a_rate_limit_slack_is_not_called_before_its_retry_time(night: NightResult) -> None:
    """Slack limits posts per channel, and every other method per workspace."""
    until: dict[str, float] = {}
    early = []
    for call in night.slack.calls:
        line = f"{call.method} {call.channel}" if call.method == "chat.postMessage" else call.method
        if call.at.timestamp() < until.get(line, 0):
            early.append(call)
        if call.status == 429:
            until[line] = (call.at + call.waits).timestamp()
    assert early == []


def test_slack_failed_often(night: NightResult, capsys: pytest.CaptureFixture[str]) -> None:
    """Checks the precondition for the tests above. Slack's own limits are rarely exceeded."""
    statuses = Counter(call.status for call in night.slack.calls)
    limited = statuses[429] - night.fired["429"]
    with capsys.disabled():
        calls = f"{len(night.slack.calls)} calls, {limited} limited by Slack, {night.fired} faulty"
        sys.stdout.write(f"\n{RUNS} runs, {night.reports} reports: {calls}; sent {night.ticks_after} ticks after\n")
    faulty = sum(night.fired.values())
    assert 0.35 < faulty / (len(night.slack.calls) - limited) < 0.45
    assert night.fired.keys() == {"429", "500", "503", "lost"}
    assert limited < len(night.slack.calls) * 0.2


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_no_message_is_lost_or_duplicated_on_any_night(seed: int) -> None:
    night = run_night(seed)
    test_each_message_exists_exactly_once(night)
    test_each_message_shows_the_final_state(night)
    test_details_are_posted_in_the_thread_of_their_run(night)
    test_the_outbox_is_empty_soon_after_slack_has_recovered(night)
    test_after_a_rate_limit_slack_is_not_called_before_its_retry_time(night)
