"""How long an upgrade takes, in which order pools are upgraded, and which of them fit into an opening."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.model.calendar import Span
from ops.model.fleet import Cluster, Pool
from ops.model.image import NodeImage
from ops.model.plan import Claim, Plan, Step
from ops.policy.pool_selection import Candidate
from ops.policy.power import schedule_windows
from ops.policy.upgrade_duration import adds_nodes, expected_duration, surge, upgrade_order
from ops.policy.upgrade_plan import plan_within
from ops.settings.fields import PerRegionPair
from ops.settings.fleet import Ring
from ops.settings.select import Select
from tests.fakes import ALL_OPERATIONS, NEW, OLD, cluster, pool, settings

OPENS, CLOSES = datetime(2026, 11, 16, 22, tzinfo=UTC), datetime(2026, 11, 17, 0, tzinfo=UTC)
OPENING = Span(OPENS, CLOSES)
RING = Ring("production", Select(names=("*",)), max_concurrent=PerRegionPair(2))
IMAGE = NodeImage.parse(NEW)
assert IMAGE is not None


def candidate(name: str = "a", nodes: int = 3, *, image: str = OLD, **more: object) -> Candidate:
    assert IMAGE is not None
    return Candidate(pool(name, image, **more), IMAGE, nodes)


def plan(*candidates: Candidate, of: Cluster | None = None, now: datetime = OPENS, ring: Ring = RING) -> Plan | None:
    return plan_within(OPENING, of or cluster(), ring, candidates, now)


@pytest.mark.parametrize(
    ("text", "nodes", "expected"),
    [
        ("", 10, 1),
        (" ", 10, 1),
        ("3", 10, 3),
        (" 3 ", 10, 3),
        ("0", 10, 1),
        ("33%", 10, 4),
        ("10%", 5, 1),
        ("0%", 10, 1),
        ("100%", 10, 10),
        ("100%", 101, 101),
        ("many", 10, 1),
        ("many%", 10, 1),
    ],
)
def test_the_surge_is_a_number_or_a_share_rounded_up(text: str, nodes: int, expected: int) -> None:
    assert surge(pool(max_surge=text), nodes) == expected


def test_a_spot_pool_is_never_surged() -> None:
    assert surge(pool(max_surge="3", spot=True), 10) == 1


@pytest.mark.parametrize(
    ("text", "spot", "expected"),
    [("1", False, True), ("", False, True), ("0", False, False), (" 0% ", False, False), ("1", True, False)],
)
def test_nodes_are_added_first_unless_the_surge_is_zero_or_the_pool_is_spot(
    text: str, *, spot: bool, expected: bool
) -> None:
    assert adds_nodes(pool(max_surge=text, spot=spot)) is expected


@pytest.mark.parametrize(
    ("max_surge", "soak", "nodes", "minutes"), [("1", 0, 3, 31), ("2", 0, 3, 24), ("1", 5, 3, 46), ("50%", 0, 4, 24)]
)
def test_an_upgrade_takes_seven_minutes_and_the_soak_per_batch_and_ten_around(
    max_surge: str, soak: int, nodes: int, minutes: int
) -> None:
    assert expected_duration(pool(max_surge=max_surge, node_soak_min=soak), nodes) == timedelta(minutes=minutes)


def test_system_pools_come_before_user_pools_and_these_before_spot_pools_each_by_name() -> None:
    pools: tuple[Pool, ...] = (
        pool("d", spot=True),
        pool("c"),
        pool("b"),
        pool("z", mode="System"),
        pool("y", mode="System"),
        pool("a", spot=True, mode="System"),
    )
    assert [each.name for each in upgrade_order(pools)] == ["y", "z", "b", "c", "a", "d"]


def step(name: str, expected_min: int) -> Step:
    params = {"pool": name, "image": NEW, "from": OLD}
    return Step(f"pool.{name}", "upgrade-node-image", name, params, expected_min * 60, CLOSES)


def test_a_plan_upgrades_the_pools_that_fit_and_says_why_and_with_which_leases() -> None:
    of = cluster("shop")
    older = "AKSUbuntu-2204gen2containerd-202610.22.0"
    found = plan(candidate("a"), candidate("b", 4), candidate("c", image=older), of=of)
    third = replace(step("c", 31), params={"pool": "c", "image": NEW, "from": older})
    assert found == Plan(
        runbook="node-image",
        target=of.id,
        steps=(step("a", 31), step("b", 38), third),
        claims=(
            Claim(f"cluster.{of.id}"),
            Claim("regions.northeurope+westeurope", "westeurope", 2, "production"),
        ),
        reasons=(f"{OLD} → 202611.05.0: a, b", f"{older} → 202611.05.0: c"),
        nodes=10,
        risk="surge",
    )


def test_a_ring_without_a_limit_shares_its_region_without_one() -> None:
    found = plan(candidate(), ring=replace_limit(RING))
    assert found is not None
    assert found.claims[1].capacity == 1000


def replace_limit(ring: Ring) -> Ring:
    return Ring(ring.name, ring.select)


def test_a_pool_that_ends_exactly_with_the_opening_fits_and_a_minute_later_it_does_not() -> None:
    fits = plan(candidate("a"), candidate("b"), now=CLOSES - timedelta(minutes=62))
    assert fits is not None
    assert [each.title for each in fits.steps] == ["a", "b"]
    later = plan(candidate("a"), candidate("b"), now=CLOSES - timedelta(minutes=61))
    assert later is not None
    assert [each.title for each in later.steps] == ["a"]
    assert plan(candidate("a"), now=CLOSES - timedelta(minutes=30)) is None


def test_a_pool_that_does_not_fit_delays_those_that_follow_it() -> None:
    found = plan(candidate("a"), candidate("b", 40), candidate("c"))
    assert found is not None
    assert [each.title for each in found.steps] == ["a"]


def test_a_stopped_cluster_is_started_first_if_there_is_time_for_its_first_pool() -> None:
    found = plan(candidate("a"), of=cluster(running=False), now=CLOSES - timedelta(minutes=41))
    assert found is not None
    start = Step("start", "start-cluster", "start the cluster for its window", {}, 41 * 60, CLOSES, temporary=True)
    assert found.steps == (start, step("a", 31))
    assert plan(candidate("a"), of=cluster(running=False), now=CLOSES - timedelta(minutes=40)) is None


def test_one_pool_that_is_upgraded_in_place_makes_the_plan_riskier() -> None:
    found = plan(candidate("a"), candidate("b", max_surge="0"))
    assert found is not None
    assert (found.risk, found.warnings) == ("in-place", ())


def test_a_spot_pool_is_named_in_a_warning() -> None:
    found = plan(candidate("a"), candidate("b", spot=True))
    assert found is not None
    assert (found.risk, found.warnings) == ("in-place", ("b is a spot pool: its nodes are not drained",))


def test_the_start_of_a_stopped_cluster_carries_its_schedule() -> None:
    config = settings(ALL_OPERATIONS)
    windows = schedule_windows(cluster(running=False), config)
    assert [window.zone for window in windows] == ["UTC"]
    found = plan_within(OPENING, cluster(running=False), RING, (candidate(),), OPENS, windows)
    assert found is not None
    assert found.steps[0].params == {"awake": "mon,tue,wed,thu,fri 08:00-19:00 UTC"}
    without = plan(candidate(), of=cluster(running=False))
    assert without is not None
    assert without.steps[0].params == {}
