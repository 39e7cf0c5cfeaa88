"""How the oracle counts eviction groups, budget alerts and node image runs."""

from dataclasses import replace
from datetime import datetime

import pytest

from simulator.oracle import judge
from simulator.world.journal import Entry, Kind
from simulator.world.scripted_faults import BudgetAlert, ScriptedFault, SpotEviction
from simulator.world.specs import FleetSpec, PoolSpec
from simulator.world.world import World
from tests.simulator.oracle.journal_builder import CONFIG, MONDAY, REGIONS, SUNDAY, SYSTEM, JournalBuilder, at, cluster

SPOT = CONFIG + "spot: {group-within: 5m}\n"
POOL = PoolSpec("spot", 5, priority="Spot", releases_behind=0)


def evictions(*evicted: tuple[int, str], config: str = SPOT, end: datetime = SUNDAY) -> int:
    """The pool's evicted nodes by number, with the time of each eviction."""
    builder = JournalBuilder(cluster("dev", "dev", SYSTEM, POOL))
    for number, when in evicted:
        builder.evicted(f"dev/spot/{number}", when, notice_s=25)
    return builder.verdict(config, end).expected["spot"]


@pytest.mark.parametrize(
    ("why", "evicted", "expected"),
    [
        ("no eviction", (), 0),
        ("all at once", ((0, "tue 10:00"), (1, "tue 10:00"), (2, "tue 10:00")), 1),
        ("within five minutes of the first", ((0, "tue 10:00"), (1, "tue 10:04")), 1),
        ("five minutes after the first", ((0, "tue 10:00"), (1, "tue 10:05")), 2),
        ("the third is too late for the first, regardless of the second", ((0, "tue 10:00"), (1, "tue 10:03"), (2, "tue 10:06")), 2),
    ],
)  # fmt: skip
def test_evictions_from_the_same_pool_are_grouped(
    why: str, evicted: tuple[tuple[int, str], ...], expected: int
) -> None:
    assert evictions(*evicted) == expected, why


def test_a_finished_group_does_not_include_later_evictions() -> None:
    longer = SPOT.replace("5m", "1h")
    assert evictions((0, "tue 10:00"), (1, "tue 10:09"), config=longer) == 1
    assert evictions((0, "tue 10:00"), (1, "tue 10:11"), config=longer) == 2


def test_an_unconfirmed_group_is_not_expected() -> None:
    assert evictions((0, "tue 10:00"), end=at("tue 10:11")) == 0
    assert evictions((0, "tue 10:00"), end=at("tue 10:12")) == 1


def test_evictions_are_ignored_without_the_configuration_section() -> None:
    assert evictions((0, "tue 10:00"), config=CONFIG) == 0


def test_each_pool_has_its_own_groups() -> None:
    builder = JournalBuilder(cluster("dev", "dev", SYSTEM, POOL, replace(POOL, name="other")))
    builder.evicted("dev/spot/0", "tue 10:00")
    builder.evicted("dev/other/0", "tue 10:00")
    assert builder.verdict(SPOT).expected["spot"] == 2


def simulated(*scripted_faults: ScriptedFault) -> list[Entry]:
    world = World(FleetSpec("tiny", MONDAY, REGIONS, (cluster("dev", "dev", SYSTEM, POOL),), scripted_faults))
    world.advance(SUNDAY)
    return world.journal.entries


def expected(*scripted_faults: ScriptedFault) -> dict[str, int]:
    fleet = FleetSpec("tiny", MONDAY, REGIONS, (cluster("dev", "dev", SYSTEM, POOL),), scripted_faults)
    return dict(judge(SPOT, fleet, simulated(*scripted_faults), MONDAY, SUNDAY).expected)


def test_a_group_of_evictions_in_the_simulated_world_counts_as_one_group() -> None:
    found = expected(
        SpotEviction("dev", "spot", at("tue 10:00"), 4, notice_s=25), SpotEviction("dev", "spot", at("wed 10:00"), 1)
    )
    assert found["spot"] == 2


def alert(when: str, threshold: float = 80, name: str = "platform") -> BudgetAlert:
    return BudgetAlert(name, at(when), "common", threshold, 8123.5, 10000)


@pytest.mark.parametrize(
    ("why", "alerts", "count"),
    [
        ("one", (alert("tue 10:00"),), 1),
        ("the same again", (alert("tue 10:00"), alert("wed 10:00")), 1),
        ("the next threshold", (alert("tue 10:00"), alert("wed 10:00", 100)), 2),
        ("another budget", (alert("tue 10:00"), alert("tue 10:00", name="web")), 2),
        ("the same name in another scope", (alert("tue 10:00"), replace(alert("tue 10:00"), group="rg-web")), 2),
        ("a forecast in addition", (alert("tue 10:00"), replace(alert("tue 11:00"), threshold_type="Forecasted")), 2),
    ],
)
def test_an_alert_counts_once(why: str, alerts: tuple[BudgetAlert, ...], count: int) -> None:
    assert expected(*alerts)["budget"] == count, why


def test_an_alert_counts_in_the_week_of_its_first_post() -> None:
    builder = JournalBuilder(cluster("dev"))
    for when in ("tue 10:00", "thu 10:00"):
        builder.add(when, Kind.BUDGET_ALERT, budget="platform", type="Actual", schema="common", threshold="80.0")
    assert judge(CONFIG, builder.fleet, builder.journal, at("wed 00:00"), SUNDAY).expected["budget"] == 0


def images(builder: JournalBuilder, end: datetime = SUNDAY) -> int:
    return builder.verdict(end=end).expected["node-image"]


def test_a_run_succeeds_when_every_eligible_pool_was_upgraded() -> None:
    builder = JournalBuilder(cluster("dev", "dev", SYSTEM, PoolSpec("user", 2)), cluster("lab", "sandbox"))
    builder.upgrade("dev/system", "mon 22:00")
    assert images(builder) == 0
    builder.upgrade("dev/user", "mon 22:30", "mon 22:50")
    assert images(builder) == 1


def test_a_run_with_a_failed_pool_does_not_succeed() -> None:
    builder = JournalBuilder(cluster("dev", "dev", SYSTEM, PoolSpec("user", 2)))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("dev/user", "mon 22:30", "mon 22:50", status="Failed")
    assert images(builder) == 0


def test_a_run_that_waits_for_proof_ends_with_its_last_window() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod", SYSTEM, PoolSpec("linux", 2, os_sku="AzureLinux")))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("prod/system", "tue 23:01")
    assert (images(builder, at("thu 12:00")), images(builder, at("fri 05:00"))) == (1, 2)


def test_an_upgrade_by_aks_is_reported_after_it_ends() -> None:
    driven = replace(cluster("dev", "dev", SYSTEM, PoolSpec("user", 2)), node_os_channel="NodeImage")
    builder = JournalBuilder(driven)
    builder.upgrade("dev/system", "mon 12:00", who="aks")
    assert images(builder) == 0
    builder.upgrade("dev/user", "mon 12:30", "mon 12:50", who="aks")
    assert images(builder) == 1


def test_a_cluster_that_aks_did_not_upgrade_is_not_reported() -> None:
    new = replace(SYSTEM, releases_behind=0)
    assert images(JournalBuilder(replace(cluster("dev", "dev", new), node_os_channel="NodeImage"))) == 0
