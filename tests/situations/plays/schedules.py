"""Schedules for power: time zones, whole days, tags in other words."""

from dataclasses import replace
from datetime import UTC, datetime

from ops.model.run import State
from tests.driving import AzureOperations, DrivenRun, start_due
from tests.fakes import ALL_OPERATIONS, World, cluster
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_TAGS_ONLY = ALL_OPERATIONS.replace('awake: "mon-fri 08:00-19:00", zone: UTC', "zone: America/New_York")
# Monday, 20:00 UTC is 15:00 in New York; Tuesday, 03:00 UTC is 22:00 on Monday there.
_AFTERNOON, _NIGHT = datetime(2026, 11, 16, 20, tzinfo=UTC), datetime(2026, 11, 17, 3, tzinfo=UTC)


def _with_tag(awake: str, at: datetime, config: str = _TAGS_ONLY) -> World:
    world = World(config=config)
    world.clock.at = at
    world.clusters.put(cluster("shop-dev", tags={"env": "dev", "daytwo-awake": awake}))
    return world


def _tick(world: World) -> None:
    start_due(world)
    for each in world.engine.started:
        DrivenRun(world, each.split()[1]).to_end(AzureOperations(world, polls=1))


@situation(
    "A tag without a zone, and an entry with `zone: America/New_York`: working hours there",
    Kind.SCHEDULES,
    reported=True,
)
def working_hours() -> Observed:
    world = _with_tag("mon-fri 09:00-17:00", _AFTERNOON)
    _tick(world)
    assert world.clusters.asked == []
    return observe(world, says=("at 15:00 in New York, no run is started",))


@situation("The same tag and entry, at night in New York", Kind.SCHEDULES, reported=True)
def night_there() -> Observed:
    world = _with_tag("mon-fri 09:00-17:00", _NIGHT)
    _tick(world)
    assert world.clusters.begun == ["stop"]
    return observe(world)


@situation("A tag for whole days: `mon-fri 00:00-24:00`", Kind.SCHEDULES, reported=True)
def whole_days() -> Observed:
    world = _with_tag("mon-fri 00:00-24:00", _NIGHT)
    _tick(world)
    assert world.clusters.asked == []
    return observe(world, says=("no run is started on a weekday",))


@situation("A tag in other words: `when I like`", Kind.SCHEDULES)
def unreadable_tag() -> Observed:
    world = _with_tag("when I like", _NIGHT)
    for _ in range(4):
        _tick(world)
    assert (world.clusters.asked, world.chat.posts) == ([], 1)
    return observe(world)


@situation("A start fails for lack of capacity", Kind.SCHEDULES, reported=True)
def start_fails() -> Observed:
    world = World(config=ALL_OPERATIONS)
    world.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    world.clusters.put(cluster("shop-dev", running=False))

    def fail(activity: str) -> None:
        only = world.clusters.only
        if activity == "poll" and only.provisioning_state == "Updating":
            world.clusters.end(only.id, running=False, failed="AllocationFailed")
            world.clusters.put(replace(world.clusters.only, provisioning_state="Failed"))

    start_due(world)
    run = DrivenRun(world, world.engine.started[0].split()[1]).to_end(fail)
    assert run.state is State.FAILED
    return observe(world)


@situation("A cluster of production matches a power schedule", Kind.SCHEDULES)
def production() -> Observed:
    world = World(
        config=ALL_OPERATIONS.replace("select: {tags: {env: dev}}, awake", "select: {names: [shop-*]}, awake")
    )
    world.clock.at = _NIGHT
    world.clusters.put(cluster("shop-prod", env="prod"))
    _tick(world)
    assert world.clusters.asked == []
    return observe(world)
