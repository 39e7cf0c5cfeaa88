"""One cluster in its window, and a run that upgrades it on the double engine while Azure does its part."""

from collections.abc import Callable
from datetime import UTC, datetime

from ops.engine.run_starter import start_run
from ops.model.run import Run
from ops.model.run_request import RunRequest
from ops.tables.runs import runs
from tests.fakes import NEW, World, cluster, pool
from tests.in_memory_engine import Double

IN_WINDOW = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)


def world(*, asleep: bool = False, pools: int = 1) -> World:
    made = World()
    made.clock.at = IN_WINDOW
    made.clusters.put(cluster("shop-dev", *(pool(f"user{n}") for n in range(1, pools + 1)), running=not asleep))
    return made


def signal(by: World, occurrence: str = "2026-w47") -> RunRequest:
    (only,) = by.clusters.fleet.values()
    return RunRequest("node-image", only.id, only.name, occurrence, by.clock.at, "http", "ana")


def carry_out(by: World, meanwhile: Callable[[str], None] | None = None) -> tuple[Run, Double]:
    run, _ = start_run(by.context, signal(by))
    double = Double(by, meanwhile or Operations(by))
    double.run("operation", {"run": run.id})
    return runs(by.store).must_get(run.id).value, double


class Operations:
    """What Azure does meanwhile: an operation ends after a few looks."""

    def __init__(self, by: World, image: str = NEW, failed: str = "", looks: int = 3) -> None:
        self.by, self.image, self.failed, self.looks, self.seen = by, image, failed, looks, 0

    def __call__(self, activity: str) -> None:
        (only,) = self.by.clusters.fleet.values()
        if activity != "poll" or only.provisioning_state == "Succeeded":
            return
        self.seen += 1
        if self.seen % self.looks:
            return
        last = self.by.clusters.begun[-1]
        if last.startswith("upgrade"):
            self.by.clusters.end(only.id, image=self.image, failed=self.failed)
        else:
            self.by.clusters.end(only.id, running=last == "start")
