"""Which pools the oracle finds eligible, and why the others were left out: a tiny world for each rule."""

from dataclasses import replace

import pytest

from simulator.oracle import EligiblePool, End
from simulator.world.journal import Kind
from simulator.world.specs import PoolSpec
from tests.simulator.oracle.story import CONFIG, NEW, NEWER, OLD, SYSTEM, Story, at, cluster

SPOT = PoolSpec("spot", 4, priority="Spot")


def good_week() -> Story:
    """Pre-production on Monday night, production once that has run for a day."""
    story = Story(cluster("dev"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("prod/system", "tue 23:01")
    return story


def test_a_week_as_it_should_be() -> None:
    verdict = good_week().verdict()
    assert verdict.week == "2026-w47"
    assert verdict.eligible == (
        EligiblePool("dev", "system", frozenset({NEW}), at("mon 22:00"), at("mon 22:00"), End.UPGRADED),
        EligiblePool("prod", "system", frozenset({NEW}), at("tue 23:00"), at("tue 23:01"), End.UPGRADED),
    )
    assert (verdict.by_aks, verdict.skipped, verdict.violations, verdict.landed_late) == ((), {}, (), ())


def test_what_was_never_begun_is_missed_and_says_until_when_it_could_have_been() -> None:
    """31 minutes before the last window closes is the last moment (rule 9)."""
    verdict = Story(cluster("dev")).verdict()
    assert verdict.missed == (
        EligiblePool("dev", "system", frozenset({NEW}), at("mon 22:00"), at("fri 04:29"), End.MISSED),
    )


@pytest.mark.parametrize(
    "how", [{"node_os_channel": "NodeImage"}, {"node_os_channel": "SecurityPatch"}, {"sku": "Automatic"}]
)
def test_rule_1_and_2_what_aks_drives_is_counted_apart(how: dict[str, str]) -> None:
    driven = replace(cluster("dev"), **how)  # type: ignore[arg-type]  # fields by name
    verdict = Story(driven).verdict()
    assert verdict.by_aks == (("dev", "system"),)
    assert (verdict.eligible, verdict.skipped) == ((), {})


def test_rule_3_a_cluster_in_no_ring_is_left_alone_whoever_drives_it() -> None:
    lab = replace(cluster("lab", "sandbox"), node_os_channel="NodeImage")
    assert Story(lab).verdict().skipped == {"no-ring": (("lab", "system"),)}


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        (replace(SYSTEM, from_snapshot=True), "snapshot"),
        (replace(SYSTEM, releases_behind=0), "already-latest"),
        (replace(SYSTEM, nodes=59), "never-fits"),
    ],
)
def test_rule_8_what_a_pool_is_left_out_for(pool: PoolSpec, reason: str) -> None:
    """59 nodes one by one take 423 minutes, a night has 420."""
    assert Story(cluster("dev", "dev", pool)).verdict().skipped == {reason: (("dev", "system"),)}


def test_rule_8_a_pool_that_just_fits_is_eligible() -> None:
    """A run looks when its window opens: four minutes to spare are enough."""
    story = Story(cluster("dev", "dev", replace(SYSTEM, nodes=58)))
    (pool,) = story.verdict().eligible
    assert (pool.earliest, pool.latest) == (at("mon 22:00"), at("thu 22:04"))


def test_rule_8_the_nodes_of_node_auto_provisioning_count_as_one_pool() -> None:
    verdict = Story(replace(cluster("dev"), node_provisioning="Auto", provisioned_nodes=4)).verdict()
    assert verdict.skipped == {"node-auto-provisioning": (("dev", "default"),)}
    assert [pool.pool for pool in verdict.eligible] == ["system"]


def test_rule_8_a_failed_pool_waits_for_a_person() -> None:
    story = Story(cluster("dev"))
    story.upgrade("dev/system", "mon 10:00", who="somebody", status="Failed")
    assert story.verdict().skipped == {"pool-failed": (("dev", "system"),)}


def test_rule_8_a_busy_cluster_is_waited_for_all_week() -> None:
    story = Story(cluster("dev"))
    story.operation("foreign", "dev", None, "mon 12:00", None, who="terraform")
    assert story.verdict().skipped == {"busy": (("dev", "system"),)}


def test_rule_14_a_pool_goes_after_the_other_operation() -> None:
    story = Story(cluster("dev"))
    story.operation("foreign", "dev", None, "mon 12:00", "fri 03:00", who="terraform")
    (pool,) = story.verdict().eligible
    assert (pool.earliest, pool.latest) == (at("fri 03:00"), at("fri 04:29"))


@pytest.mark.parametrize(("freed", "eligible"), [("fri 04:24", True), ("fri 04:25", False)])
def test_a_run_looks_every_five_minutes_so_less_is_no_opportunity(freed: str, *, eligible: bool) -> None:
    story = Story(cluster("dev"))
    story.operation("foreign", "dev", None, "mon 12:00", freed, who="terraform")
    verdict = story.verdict()
    assert bool(verdict.missed) is eligible
    assert verdict.skipped == ({} if eligible else {"no-window-left": (("dev", "system"),)})


@pytest.mark.parametrize(("superseded", "missed"), [("tue 23:01:30", ["prod"]), ("tue 23:00:30", [])])
def test_a_run_that_waits_for_proof_looks_a_minute_after_the_hour(superseded: str, missed: list[str]) -> None:
    """The image is proven from Tuesday 23:00 on, until a newer one lands, just after or before the run looks."""
    story = Story(cluster("dev"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.landed(superseded, NEWER)
    assert [pool.cluster for pool in story.verdict().missed] == missed


def test_rule_5_a_freeze_takes_whole_days_away() -> None:
    config = CONFIG + "freezes: [{name: audit, from: 2026-11-16, to: 2026-11-19}]\n"
    (pool,) = Story(cluster("dev")).verdict(config).eligible
    assert (pool.earliest, pool.latest) == (at("fri 00:00"), at("fri 04:29"))


def test_rule_5_a_freeze_by_instants_takes_just_that_away() -> None:
    config = CONFIG + "freezes: [{name: audit, from: 2026-11-16T23:00:00+01:00, to: 2026-11-20T04:00:00Z}]\n"
    verdict = Story(cluster("dev")).verdict(config)
    assert verdict.skipped == {"already-latest": ()} or [pool.earliest for pool in verdict.eligible] == [
        at("fri 04:00")
    ]


def test_rule_10_a_sleeper_is_woken_or_caught_up_later() -> None:
    """Waking takes ten minutes of the window more."""
    story = Story(replace(cluster("dev"), stopped=True))
    (pool,) = story.verdict().eligible
    assert (pool.earliest, pool.latest) == (at("mon 22:00"), at("fri 04:19"))
    config = CONFIG.replace("window: nights, proven", "window: nights, start-stopped-clusters: false, proven")
    assert story.verdict(config).skipped == {"asleep": (("dev", "system"),)}


def test_rule_7_and_9_the_pools_before_it_take_their_time_first() -> None:
    """The system pool takes 31 minutes, the spot pool (4 nodes, one by one) 38."""
    pools = {pool.pool: pool for pool in Story(cluster("dev", "dev", SPOT, SYSTEM)).verdict().eligible}
    assert pools["system"].latest == at("fri 04:29")
    assert pools["spot"].latest == at("fri 03:51")


def test_rule_9_soak_counts_for_each_batch() -> None:
    (pool,) = Story(cluster("dev", "dev", replace(SYSTEM, node_soak_minutes=5))).verdict().eligible
    assert pool.latest == at("fri 04:14")


def test_rule_6_a_ring_begins_when_the_first_night_of_the_one_before_is_over() -> None:
    """Were production allowed by day, it could go from Tuesday on, were the image proven."""
    config = CONFIG.replace("proven-for: 1d, proven-awake: 8h", "proven-for: 1h, proven-awake: 1h").replace(
        "max-concurrent: 1", "window: days, max-concurrent: 1"
    )
    story = Story(cluster("dev"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    assert story.earliest("prod", config) == at("tue 08:00")


def test_rule_13_a_paired_region_waits_for_its_turn() -> None:
    """A neighbour's upgrade and the look after it hold the pair; it is over at 04:40 on Friday, too late."""
    story = Story(cluster("one"), cluster("two", region="northeurope"), cluster("far", region="polandcentral"))
    for day, following in (("mon", "tue"), ("tue", "wed"), ("wed", "thu"), ("thu", "fri")):
        story.upgrade("one/system", f"{day} 22:00", f"{following} 04:40", image=OLD)
    verdict = story.verdict()
    assert [pool.cluster for pool in verdict.missed] == ["far"]
    assert ("two", "system") in verdict.skipped["no-window-left"]


def test_rule_13_as_many_clusters_of_a_ring_as_may_go_at_once() -> None:
    config = CONFIG.replace("env: [dev, test]}}}", "env: [dev, test]}}, max-concurrent: 1 per region pair}")
    story = Story(cluster("one"), cluster("two"), cluster("far", region="polandcentral"))
    for day, following in (("mon", "tue"), ("tue", "wed"), ("wed", "thu"), ("thu", "fri")):
        story.upgrade("one/system", f"{day} 22:00", f"{following} 04:40", image=OLD)
    assert ("two", "system") in story.verdict(config).skipped["no-window-left"]
    assert [pool.cluster for pool in story.verdict(config).missed] == ["far"]
    assert [pool.cluster for pool in story.verdict().missed] == ["two", "far"]


def test_rule_15_a_start_that_fails_fails_the_run() -> None:
    story = Story(replace(cluster("dev"), stopped=True))
    story.power("dev", "start", "mon 22:00", "mon 22:08", status="Failed")
    verdict = story.verdict()
    assert verdict.skipped == {"run-failed": (("dev", "system"),)}
    assert verdict.violations == ()


def test_rule_15_after_a_failure_the_clusters_other_pools_are_not_begun() -> None:
    story = Story(cluster("dev", "dev", SYSTEM, PoolSpec("user", 3)))
    story.upgrade("dev/system", "mon 22:00", status="Failed")
    verdict = story.verdict()
    assert [(pool.pool, pool.end) for pool in verdict.eligible] == [("system", End.FAILED)]
    assert verdict.skipped == {"run-failed": (("dev", "user"),)}


def test_rule_15_success_without_the_label_is_a_failure() -> None:
    story = Story(cluster("dev"))
    story.operation("upgrade-node-image", "dev", "system", "mon 22:00", "mon 22:20", image=NEW)
    (pool,) = story.verdict().eligible
    assert pool.end is End.FAILED


@pytest.mark.parametrize(("ready", "end"), [("mon 22:40", End.UPGRADED), ("mon 22:41", End.FAILED)])
def test_rule_15_nodes_have_twenty_minutes_to_get_ready(ready: str, end: End) -> None:
    story = Story(cluster("dev"))
    story.upgrade("dev/system", "mon 22:00")
    story.not_ready("dev/system/2", "mon 22:19", ready)
    (pool,) = story.verdict().eligible
    assert pool.end is end


def test_rule_15_a_rollout_with_too_many_failures_halts_before_the_next_ring() -> None:
    story = Story(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("test/system", "mon 22:00", status="Failed")
    assert story.verdict().skipped == {"halted": (("prod", "system"),)}
    allowed = CONFIG.replace("proven-for", "failure-budget: 1, proven-for")
    assert [pool.cluster for pool in story.verdict(allowed).missed] == ["prod"]


def test_rule_15_a_failure_after_the_next_ring_began_halts_it_not() -> None:
    story = Story(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("test/system", "tue 22:00", status="Failed")
    assert [pool.cluster for pool in story.verdict().missed] == ["prod"]


def test_rule_16_one_node_that_is_behind_is_enough_to_upgrade_its_pool() -> None:
    story = Story(cluster("dev"))
    for node in ("system-0", "system-1"):
        story.tell("mon 10:00", Kind.NODE_LABEL, "dev", "system", node, image=NEW)
    story.tell("mon 10:00", Kind.POOL_IMAGE, "dev", "system", image=NEW)
    assert [pool.pool for pool in story.verdict().missed] == ["system"]


def test_rule_16_a_security_patch_on_top_of_the_image_counts() -> None:
    story = Story(cluster("dev"))
    story.upgrade("dev/system", "mon 10:00", image=f"{NEW}-2026.11.14", who="somebody")
    assert story.verdict().skipped == {"already-latest": (("dev", "system"),)}


def test_a_week_without_the_runbook_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="node-image is off"):
        Story(cluster("dev")).verdict(CONFIG[: CONFIG.index("node-image:")])
