"""Bursts of evictions, budget alerts and node-image runs, counted as people would be told of them."""

from dataclasses import replace
from datetime import datetime

import pytest

from simulator.oracle import judge
from simulator.world.journal import Entry, Kind
from simulator.world.scripted_faults import BudgetAlert, Mishap, SpotEviction
from simulator.world.specs import FleetSpec, PoolSpec
from simulator.world.world import World
from tests.simulator.oracle.story import CONFIG, MONDAY, REGIONS, SUNDAY, SYSTEM, Story, at, cluster

SPOT = CONFIG + "spot: {group-within: 5m}\n"
POOL = PoolSpec("spot", 5, priority="Spot", releases_behind=0)


def evictions(*told: tuple[int, str], config: str = SPOT, end: datetime = SUNDAY) -> int:
    """Each of the pool's nodes by number, and when it was taken."""
    story = Story(cluster("dev", "dev", SYSTEM, POOL))
    for number, when in told:
        story.evicted(f"dev/spot/{number}", when, notice_s=25)
    return story.verdict(config, end).expected["spot"]


@pytest.mark.parametrize(
    ("why", "told", "expected"),
    [
        ("nothing was taken", (), 0),
        ("all at once", ((0, "tue 10:00"), (1, "tue 10:00"), (2, "tue 10:00")), 1),
        ("within five minutes of the first", ((0, "tue 10:00"), (1, "tue 10:04")), 1),
        ("five minutes after it", ((0, "tue 10:00"), (1, "tue 10:05")), 2),
        ("the third is late for the first, whatever the second did", ((0, "tue 10:00"), (1, "tue 10:03"), (2, "tue 10:06")), 2),
    ],
)  # fmt: skip
def test_evictions_of_a_pool_are_grouped(why: str, told: tuple[tuple[int, str], ...], expected: int) -> None:
    assert evictions(*told) == expected, why


def test_a_burst_that_has_been_told_to_its_end_takes_no_more_in() -> None:
    longer = SPOT.replace("5m", "1h")
    assert evictions((0, "tue 10:00"), (1, "tue 10:09"), config=longer) == 1
    assert evictions((0, "tue 10:00"), (1, "tue 10:11"), config=longer) == 2


def test_a_burst_that_is_not_confirmed_yet_is_not_expected_yet() -> None:
    assert evictions((0, "tue 10:00"), end=at("tue 10:11")) == 0
    assert evictions((0, "tue 10:00"), end=at("tue 10:12")) == 1


def test_without_the_section_evictions_are_not_followed() -> None:
    assert evictions((0, "tue 10:00"), config=CONFIG) == 0


def test_pools_do_not_share_a_burst() -> None:
    story = Story(cluster("dev", "dev", SYSTEM, POOL, replace(POOL, name="other")))
    story.evicted("dev/spot/0", "tue 10:00")
    story.evicted("dev/other/0", "tue 10:00")
    assert story.verdict(SPOT).expected["spot"] == 2


def lived(*mishaps: Mishap) -> list[Entry]:
    world = World(FleetSpec("tiny", MONDAY, REGIONS, (cluster("dev", "dev", SYSTEM, POOL),), mishaps))
    world.advance(SUNDAY)
    return world.journal.entries


def expected(*mishaps: Mishap) -> dict[str, int]:
    fleet = FleetSpec("tiny", MONDAY, REGIONS, (cluster("dev", "dev", SYSTEM, POOL),), mishaps)
    return dict(judge(SPOT, fleet, lived(*mishaps), MONDAY, SUNDAY).expected)


def test_a_burst_of_the_simulated_world_is_one() -> None:
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
        ("a forecast beside it", (alert("tue 10:00"), replace(alert("tue 11:00"), threshold_type="Forecasted")), 2),
    ],
)
def test_an_alert_counts_once(why: str, alerts: tuple[BudgetAlert, ...], count: int) -> None:
    assert expected(*alerts)["budget"] == count, why


def test_an_alert_counts_in_the_week_in_which_it_first_came() -> None:
    story = Story(cluster("dev"))
    for when in ("tue 10:00", "thu 10:00"):
        story.tell(when, Kind.BUDGET_ALERT, budget="platform", type="Actual", schema="common", threshold="80.0")
    assert judge(CONFIG, story.fleet, story.journal, at("wed 00:00"), SUNDAY).expected["budget"] == 0


def images(story: Story, end: datetime = SUNDAY) -> int:
    return story.verdict(end=end).expected["node-image"]


def test_a_run_succeeds_where_every_pool_that_could_be_was_upgraded() -> None:
    story = Story(cluster("dev", "dev", SYSTEM, PoolSpec("user", 2)), cluster("lab", "sandbox"))
    story.upgrade("dev/system", "mon 22:00")
    assert images(story) == 0
    story.upgrade("dev/user", "mon 22:30", "mon 22:50")
    assert images(story) == 1


def test_a_run_of_which_a_pool_failed_does_not() -> None:
    story = Story(cluster("dev", "dev", SYSTEM, PoolSpec("user", 2)))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("dev/user", "mon 22:30", "mon 22:50", status="Failed")
    assert images(story) == 0


def test_a_run_that_waits_for_a_proof_ends_with_its_last_window() -> None:
    story = Story(cluster("dev"), cluster("prod", "prod", SYSTEM, PoolSpec("linux", 2, os_sku="AzureLinux")))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("prod/system", "tue 23:01")
    assert (images(story, at("thu 12:00")), images(story, at("fri 05:00"))) == (1, 2)


def test_what_aks_upgraded_is_told_when_all_of_it_is_done() -> None:
    driven = replace(cluster("dev", "dev", SYSTEM, PoolSpec("user", 2)), node_os_channel="NodeImage")
    story = Story(driven)
    story.upgrade("dev/system", "mon 12:00", who="aks")
    assert images(story) == 0
    story.upgrade("dev/user", "mon 12:30", "mon 12:50", who="aks")
    assert images(story) == 1


def test_a_cluster_that_aks_has_nothing_to_do_on_is_not_told_of() -> None:
    new = replace(SYSTEM, releases_behind=0)
    assert images(Story(replace(cluster("dev", "dev", new), node_os_channel="NodeImage"))) == 0
