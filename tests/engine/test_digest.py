"""The week's digest: once, at its time, with what happened and what comes next."""

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


def world() -> World:
    by = World(config=DIGEST)
    failed = replace(
        DONE, id="node-image.shop-prod-1.2026-w47", target="p", target_name="shop-prod", state=State.FAILED
    )
    old = replace(DONE, id="node-image.shop-dev-1.2026-w45", ended=MONDAY_NINE - timedelta(days=8))
    for run in (DONE, replace(failed, why="user1: blocked by pdb web"), old):
        runs(by.store).insert(run.id, run)
    return by


def hour(by: World, at: datetime) -> None:
    by.clock.at = at
    every_hour(by.context, timedelta(days=14))


def digests(by: World) -> list[str]:
    return [str(by.chat.shown[key]) for key, subject in by.chat.keys.items() if subject.startswith("digest")]


def test_it_comes_once_however_often_the_hour_strikes() -> None:
    by = world()
    hour(by, MONDAY_NINE - timedelta(minutes=1))
    assert digests(by) == []
    hour(by, MONDAY_NINE + timedelta(minutes=2))
    hour(by, MONDAY_NINE + timedelta(minutes=3))
    hour(by, MONDAY_NINE + timedelta(hours=1))
    (said,) = digests(by)
    assert "The week · 16 November to 23 November 2026 · 2 runs" in said


def test_it_names_what_went_wrong_and_what_comes_next() -> None:
    by = world()
    hour(by, MONDAY_NINE)
    (said,) = digests(by)
    assert "shop-prod: user1: blocked by pdb web" in said
    assert "1 done, 1 failed · 2 targets" in said
    assert "next: node images of pre-production, <!date^1795471200^" in said


def test_a_bot_that_was_down_at_its_hour_tells_it_later_that_day() -> None:
    by = world()
    hour(by, MONDAY_NINE + timedelta(hours=7))
    assert len(digests(by)) == 1


def test_two_days_later_it_is_no_news_any_more() -> None:
    by = world()
    hour(by, MONDAY_NINE + timedelta(days=2))
    assert digests(by) == []


def test_its_picture_shows_the_clusters_of_the_rings() -> None:
    by = world()
    painted: list[str] = []

    def paint(svg: str) -> bytes:
        painted.append(svg)
        return b"png"

    record_fleet(by.context, [cluster("shop-dev"), cluster("lab", env="sandbox")], MONDAY_NINE)
    by.clock.at = MONDAY_NINE
    post_digest(replace(by.context, ports=replace(by.context.ports, paint=paint)), by.settings, MONDAY_NINE)
    assert "shop-dev" in painted[0]
    assert "lab" not in painted[0]
    (record,) = (stored.value for stored in messages(by.store).scan("slack|C0123|digest"))
    assert by.store.get_content(record.picture) == b"png"


def test_a_picture_that_cannot_be_drawn_keeps_no_digest_back() -> None:
    by = world()

    def paint(svg: str) -> bytes:
        raise RejectedError("NoPicture", f"drawing {len(svg)} characters: no font")

    record_fleet(by.context, [cluster("shop-dev")], MONDAY_NINE)
    by.clock.at = MONDAY_NINE
    post_digest(replace(by.context, ports=replace(by.context.ports, paint=paint)), by.settings, MONDAY_NINE)
    assert len(digests(by)) == 1


def test_a_bot_that_was_installed_since_has_no_week_to_tell() -> None:
    by = World(config=DIGEST)
    fresh = replace(DONE, created=MONDAY_NINE + timedelta(minutes=1), ended=None, state=State.WAITING)
    runs(by.store).insert(fresh.id, fresh)
    hour(by, MONDAY_NINE + timedelta(minutes=2))
    assert digests(by) == []
