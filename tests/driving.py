"""The test driver: starts and executes runs in a world of fakes, lets time pass, and ends operations in Azure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ops.engine.activities import invoke
from ops.engine.run_starter import start_run
from ops.facts.fleet import list_fleet
from ops.model.fleet import Cluster
from ops.model.json import Json
from ops.model.run import Run, StepRecord
from ops.model.run_request import RunRequest
from ops.scheduling.due_runs import start_due_runs
from ops.tables.runs import Control, controls, runs
from tests.fakes import NEW, World
from tests.in_memory_engine import InMemoryEngine, Meanwhile

WEEK = "2026-w47"
# Noon on Monday is ten hours before the window in `tests.fakes.CONFIG` opens; the other two times are inside the window.
NOON = datetime(2026, 11, 16, 12, tzinfo=UTC)
IN_WINDOW = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)
NIGHT = datetime(2026, 11, 16, 23, tzinfo=UTC)


def world_with(cluster: Cluster, config: str, at: datetime = NIGHT) -> World:
    """A world with one cluster, at this time."""
    world = World(config=config)
    world.clock.at = at
    world.clusters.put(cluster)
    return world


def run_request(
    world: World, runbook: str = "node-image", period: str = WEEK, *, of: Cluster | None = None, rollout: str = ""
) -> RunRequest:
    """The timer's request for a run on a cluster, created now; by default on the only cluster."""
    target = of or world.clusters.only
    return RunRequest(runbook, target.id, target.name, period, world.clock.at, "timer", "daytwo", rollout)


def manual_request(world: World, runbook: str = "node-image", period: str = "m-1", source: str = "http") -> RunRequest:
    """A person's request for a run on the only cluster."""
    return replace(run_request(world, runbook, period), source=source, by="ana")


def start(world: World, request: RunRequest | None = None) -> "DrivenRun":
    """Record and start the requested run; by default the week's node image upgrade on the only cluster."""
    run, _ = start_run(world.context, request or run_request(world))
    return DrivenRun(world, run.id)


@dataclass
class DrivenRun:
    """One run on the in-memory engine."""

    world: World
    id: str
    engine: InMemoryEngine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = InMemoryEngine(self.world, "operation", {"run": self.id})

    @property
    def record(self) -> Run:
        """The run as the store has it."""
        return runs(self.world.store).must_get(self.id).value

    def step(self, step_id: str) -> StepRecord:
        """One step's record."""
        return self.record.step(step_id)

    @property
    def until(self) -> datetime | None:
        """The time until which the run sleeps, or None if it does not sleep."""
        return self.engine.until

    @property
    def at_first_step(self) -> bool:
        """Whether the next activity begins a step."""
        return self.engine.next_activity == "begin"

    def to_end(self, meanwhile: Meanwhile | None = None, *, turns: int = 2_000) -> Run:
        """Execute the run to its end, moving the clock to each timer. Return the run's record.

        Raises:
            AssertionError: the run has not ended after this many activities and timers.
        """
        self.turns(turns, meanwhile)
        assert self.engine.ended, f"{self.id} does not end: {self.engine.calls[-10:]}"
        return self.record

    def turns(self, turns: int, meanwhile: Meanwhile | None = None) -> None:
        """Execute up to this many activities and timers, moving the clock to each timer."""
        if meanwhile is not None:
            self.engine.meanwhile = meanwhile
        self.engine.run_turns(turns)

    def to_first_step(self) -> None:
        """Execute what is due now without moving the clock, and stop before the first step.

        Raises:
            AssertionError: the run neither sleeps, nor ends, nor reaches a step.
        """
        self.engine.run_until_idle(stop_before="begin")

    def wake_if_requested(self) -> None:
        """Deliver the wake event if the product has sent one, then execute what is due, stopping before the first step."""
        woken = self.world.engine.woken
        if self.id in woken:
            self.world.engine.woken = [each for each in woken if each != self.id]
            self.engine.wake()
        self.to_first_step()

    def reassess(self) -> None:
        """Wake the run, then execute what is due, stopping before the first step."""
        self.engine.wake()
        self.to_first_step()

    def cancel(self, by: str = "ben") -> None:
        """Let a person cancel the run and wake it."""
        controls(self.world.store).change(self.id, lambda _: Control(cancelled_by=by))
        self.reassess()

    def call(self, activity: str, step: str = "", *, undo: bool = False) -> str:
        """Call one activity outside the orchestrator, like a process that resumes after a suspension. Return the outcome."""
        return call(self.world, activity, {"run": self.id, "step": step, "undo": undo})


def call(world: World, activity: str, payload: dict[str, Json]) -> str:
    """Call one activity. Return the outcome."""
    return str(invoke(activity, world.context, payload)["outcome"])


def pass_time(world: World, driven: Sequence[DrivenRun], length: timedelta) -> None:
    """Move the clock. Whenever a run wakes along the way, execute it up to its first step, the earliest run first."""
    end = world.clock.at + length
    while due := [(run.until, number) for number, run in enumerate(driven) if run.until and run.until <= end]:
        at, number = min(due)
        world.clock.at = max(world.clock.at, at)
        driven[number].to_first_step()
    world.clock.at = end


def start_due(world: World) -> None:
    """Fire the timer that starts due runs, with the fleet as it is listed now."""
    fleet = list_fleet(world.context.ports, world.settings)
    start_due_runs(world.context, world.settings, fleet, world.clock.at)


class AzureOperations:
    """Ends the operation on the only cluster after this many polls. `failed` is the code with which its upgrades fail."""

    def __init__(self, world: World, image: str = NEW, failed: str = "", polls: int = 3) -> None:
        self.world, self.image, self.failed, self.polls, self._polled = world, image, failed, polls, 0

    def __call__(self, activity: str) -> None:
        clusters = self.world.clusters
        if activity != "poll" or clusters.only.provisioning_state == "Succeeded":
            return
        self._polled += 1
        if self._polled % self.polls:
            return
        last = clusters.begun[-1]
        if last.startswith("upgrade"):
            clusters.end(clusters.only.id, image=self.image, failed=self.failed)
        else:
            clusters.end(clusters.only.id, running=last == "start")


class AzureRestarts:
    """Ends a node's last restart as soon as it is polled. Without `boots` the node keeps its boot id."""

    def __init__(self, world: World, *, boots: bool = True) -> None:
        self.world, self.boots = world, boots

    def __call__(self, activity: str) -> None:
        restarted = self.world.machines.restarted
        if activity == "poll" and restarted:
            self.world.machines.end(restarted[-1], boots=self.boots)
