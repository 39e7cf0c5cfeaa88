"""The weekly digest: sent once, on time, with last week's events and the coming ones."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.endpoints.timers import every_hour
from ops.model.run import Run, State
from ops.ports.errors import RejectedError
from ops.scheduling.digest import post_digest
from ops.scheduling.fleet_scan import record_fleet
from ops.tables.messages import messages
from ops.tables.runs import runs
from tests.fakes import CONFIG, World, cluster

MONDAY_NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
WINDOWS = 'windows:\n  mondays: {days: mon, from: "09:00", to: "10:00", zone: UTC}'
DIGEST = CONFIG.replace("windows:", WINDOWS).replace(
    "  slack: {channel: C0123}", "  slack: {channel: C0123}\n  digest: mondays"
)
DONE = Run(
    id="node-image.shop-dev-1.2026-w47",
    runbook="node-image",
    target="shop-dev",
    target_name="shop-dev",
    period="2026-w47",
    created=MONDAY_NINE - timedelta(days=6),
    source="timer",
    by="daytwo",
    state=State.DONE,
    acted=True,
    ended=MONDAY_NINE - timedelta(days=5),
)


def world_with_runs() -> World:
    world = World(config=DIGEST)
    failed = replace(
        DONE, id="node-image.shop-prod-1.2026-w47", target="p", target_name="shop-prod", state=State.FAILED
    )
    old = replace(DONE, id="node-image.shop-dev-1.2026-w45", ended=MONDAY_NINE - timedelta(days=8))
    for run in (DONE, replace(failed, why="user1: blocked by pdb web"), old):
        runs(world.store).insert(run.id, run)
    return world


def tick(world: World, at: datetime) -> None:
    world.clock.at = at
    every_hour(world.context, timedelta(days=14))


def digests(world: World) -> list[str]:
    return [str(world.chat.shown[key]) for key, subject in world.chat.keys.items() if subject.startswith("digest")]


def test_the_digest_is_posted_once_however_many_ticks_there_are() -> None:
    world = world_with_runs()
    tick(world, MONDAY_NINE - timedelta(minutes=1))
    assert digests(world) == []
    tick(world, MONDAY_NINE + timedelta(minutes=2))
    tick(world, MONDAY_NINE + timedelta(minutes=3))
    tick(world, MONDAY_NINE + timedelta(hours=1))
    (shown,) = digests(world)
    assert "The week · 16 November to 23 November 2026 · 2 runs" in shown


def test_the_digest_lists_the_failures_and_the_next_windows() -> None:
    world = world_with_runs()
    tick(world, MONDAY_NINE)
    (shown,) = digests(world)
    assert "shop-prod: user1: blocked by pdb web" in shown
    assert "1 done, 1 failed · 2 targets" in shown
    assert "next: node images of pre-production, <!date^1795471200^" in shown


def test_a_bot_that_was_down_posts_the_digest_later_that_day() -> None:
    world = world_with_runs()
    tick(world, MONDAY_NINE + timedelta(hours=7))
    assert len(digests(world)) == 1


def test_a_digest_is_not_posted_two_days_late() -> None:
    world = world_with_runs()
    tick(world, MONDAY_NINE + timedelta(days=2))
    assert digests(world) == []


def test_the_picture_shows_only_clusters_in_rings() -> None:
    world = world_with_runs()
    painted: list[str] = []

    def paint(svg: str) -> bytes:
        painted.append(svg)
        return b"png"

    record_fleet(world.context, [cluster("shop-dev"), cluster("lab", env="sandbox")], MONDAY_NINE)
    world.clock.at = MONDAY_NINE
    post_digest(replace(world.context, ports=replace(world.context.ports, paint=paint)), world.settings, MONDAY_NINE)
    assert "shop-dev" in painted[0]
    assert "lab" not in painted[0]
    (record,) = (stored.value for stored in messages(world.store).scan("slack|C0123|digest"))
    assert world.store.get_content(record.picture) == b"png"


def test_the_digest_is_posted_without_its_picture_if_it_cannot_be_drawn() -> None:
    world = world_with_runs()

    def paint(svg: str) -> bytes:
        raise RejectedError("NoPicture", f"drawing {len(svg)} characters: no font")

    record_fleet(world.context, [cluster("shop-dev")], MONDAY_NINE)
    world.clock.at = MONDAY_NINE
    post_digest(replace(world.context, ports=replace(world.context.ports, paint=paint)), world.settings, MONDAY_NINE)
    assert len(digests(world)) == 1


def test_a_newly_installed_bot_does_not_post_a_digest() -> None:
    world = World(config=DIGEST)
    fresh = replace(DONE, created=MONDAY_NINE + timedelta(minutes=1), ended=None, state=State.WAITING)
    runs(world.store).insert(fresh.id, fresh)
    tick(world, MONDAY_NINE + timedelta(minutes=2))
    assert digests(world) == []
