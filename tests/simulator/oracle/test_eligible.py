"""Which pools the oracle considers eligible, and why it skips the others: a small world for each rule."""

from dataclasses import replace

import pytest

from simulator.oracle import EligiblePool, End
from simulator.world.journal import Kind
from simulator.world.specs import PoolSpec
from tests.simulator.oracle.journal_builder import CONFIG, NEW, NEWER, OLD, SYSTEM, JournalBuilder, at, cluster

SPOT = PoolSpec("spot", 4, priority="Spot")


def good_week() -> JournalBuilder:
    """Pre-production is upgraded on Monday night, and production after the image has run there for a day."""
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("prod/system", "tue 23:01")
    return builder


def test_a_correct_week_has_no_findings() -> None:
    verdict = good_week().verdict()
    assert verdict.week == "2026-w47"
    assert verdict.eligible == (
        EligiblePool("dev", "system", frozenset({NEW}), at("mon 22:00"), at("mon 22:00"), End.UPGRADED),
        EligiblePool("prod", "system", frozenset({NEW}), at("tue 23:00"), at("tue 23:01"), End.UPGRADED),
    )
    assert (verdict.by_aks, verdict.skipped, verdict.violations, verdict.landed_late) == ((), {}, (), ())


def test_a_missed_pool_is_reported_with_its_last_possible_time() -> None:
    """The last possible time is 31 minutes before the last window ends (rule 9)."""
    verdict = JournalBuilder(cluster("dev")).verdict()
    assert verdict.missed == (
        EligiblePool("dev", "system", frozenset({NEW}), at("mon 22:00"), at("fri 04:29"), End.MISSED),
    )


@pytest.mark.parametrize(
    "how", [{"node_os_channel": "NodeImage"}, {"node_os_channel": "SecurityPatch"}, {"sku": "Automatic"}]
)
def test_rules_1_and_2_clusters_that_aks_upgrades_are_counted_separately(how: dict[str, str]) -> None:
    driven = replace(cluster("dev"), **how)  # type: ignore[arg-type]  # fields by name
    verdict = JournalBuilder(driven).verdict()
    assert verdict.by_aks == (("dev", "system"),)
    assert (verdict.eligible, verdict.skipped) == ((), {})


def test_rule_3_a_cluster_without_a_ring_is_not_managed() -> None:
    lab = replace(cluster("lab", "sandbox"), node_os_channel="NodeImage")
    assert JournalBuilder(lab).verdict().skipped == {"no-ring": (("lab", "system"),)}


@pytest.mark.parametrize(
    ("pool", "reason"),
    [
        (replace(SYSTEM, from_snapshot=True), "snapshot"),
        (replace(SYSTEM, releases_behind=0), "already-latest"),
        (replace(SYSTEM, nodes=59), "never-fits"),
    ],
)
def test_rule_8_a_pool_is_skipped_for_each_listed_reason(pool: PoolSpec, reason: str) -> None:
    """Upgrading 59 nodes one by one takes 423 minutes, but a night's window has only 420."""
    assert JournalBuilder(cluster("dev", "dev", pool)).verdict().skipped == {reason: (("dev", "system"),)}


def test_rule_8_a_pool_that_just_fits_is_eligible() -> None:
    """A run makes its check when the window opens, so four spare minutes are enough."""
    builder = JournalBuilder(cluster("dev", "dev", replace(SYSTEM, nodes=58)))
    (pool,) = builder.verdict().eligible
    assert (pool.earliest, pool.latest) == (at("mon 22:00"), at("thu 22:04"))


def test_rule_8_nodes_from_node_auto_provisioning_count_as_one_pool() -> None:
    verdict = JournalBuilder(replace(cluster("dev"), node_provisioning="Auto", provisioned_nodes=4)).verdict()
    assert verdict.skipped == {"node-auto-provisioning": (("dev", "default"),)}
    assert [pool.pool for pool in verdict.eligible] == ["system"]


def test_rule_8_a_failed_pool_waits_for_a_person() -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.upgrade("dev/system", "mon 10:00", who="operator", status="Failed")
    assert builder.verdict().skipped == {"pool-failed": (("dev", "system"),)}


def test_rule_8_a_run_waits_for_a_busy_cluster_all_week() -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.operation("foreign", "dev", None, "mon 12:00", None, who="terraform")
    assert builder.verdict().skipped == {"busy": (("dev", "system"),)}


def test_rule_14_a_pool_is_upgraded_after_another_operation_ends() -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.operation("foreign", "dev", None, "mon 12:00", "fri 03:00", who="terraform")
    (pool,) = builder.verdict().eligible
    assert (pool.earliest, pool.latest) == (at("fri 03:00"), at("fri 04:29"))


@pytest.mark.parametrize(("freed", "eligible"), [("fri 04:24", True), ("fri 04:25", False)])
def test_a_run_checks_every_five_minutes(freed: str, *, eligible: bool) -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.operation("foreign", "dev", None, "mon 12:00", freed, who="terraform")
    verdict = builder.verdict()
    assert bool(verdict.missed) is eligible
    assert verdict.skipped == ({} if eligible else {"no-window-left": (("dev", "system"),)})


@pytest.mark.parametrize(("superseded", "missed"), [("tue 23:01:30", ["prod"]), ("tue 23:00:30", [])])
def test_a_run_that_waits_for_proof_checks_one_minute_after_each_hour(superseded: str, missed: list[str]) -> None:
    """The image is proven on Tuesday at 23:00. A newer one arrives just before or just after the run's check."""
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.landed(superseded, NEWER)
    assert [pool.cluster for pool in builder.verdict().missed] == missed


def test_rule_5_a_freeze_given_as_dates_covers_whole_days() -> None:
    config = CONFIG + "freezes: [{name: audit, from: 2026-11-16, to: 2026-11-19}]\n"
    (pool,) = JournalBuilder(cluster("dev")).verdict(config).eligible
    assert (pool.earliest, pool.latest) == (at("fri 00:00"), at("fri 04:29"))


def test_rule_5_a_freeze_given_as_times_covers_exactly_that_period() -> None:
    config = CONFIG + "freezes: [{name: audit, from: 2026-11-16T23:00:00+01:00, to: 2026-11-20T04:00:00Z}]\n"
    verdict = JournalBuilder(cluster("dev")).verdict(config)
    assert verdict.skipped == {"already-latest": ()} or [pool.earliest for pool in verdict.eligible] == [
        at("fri 04:00")
    ]


def test_rule_10_a_stopped_cluster_is_started_or_upgraded_later() -> None:
    """Starting the cluster takes up another ten minutes of the window."""
    builder = JournalBuilder(replace(cluster("dev"), stopped=True))
    (pool,) = builder.verdict().eligible
    assert (pool.earliest, pool.latest) == (at("mon 22:00"), at("fri 04:19"))
    config = CONFIG.replace("window: nights, proven", "window: nights, start-stopped-clusters: false, proven")
    assert builder.verdict(config).skipped == {"asleep": (("dev", "system"),)}


def test_rules_7_and_9_earlier_pools_are_upgraded_first() -> None:
    """The system pool takes 31 minutes, and the spot pool (4 nodes, one by one) takes 38."""
    pools = {pool.pool: pool for pool in JournalBuilder(cluster("dev", "dev", SPOT, SYSTEM)).verdict().eligible}
    assert pools["system"].latest == at("fri 04:29")
    assert pools["spot"].latest == at("fri 03:51")


def test_rule_9_the_soak_time_is_added_for_each_batch() -> None:
    (pool,) = JournalBuilder(cluster("dev", "dev", replace(SYSTEM, node_soak_minutes=5))).verdict().eligible
    assert pool.latest == at("fri 04:14")


def test_rule_6_a_ring_starts_after_the_first_night_of_the_previous_ring() -> None:
    """With a daytime window, production could start on Tuesday, as soon as the image is proven."""
    config = CONFIG.replace("proven-for: 1d, proven-awake: 8h", "proven-for: 1h, proven-awake: 1h").replace(
        "max-concurrent: 1", "window: days, max-concurrent: 1"
    )
    builder = JournalBuilder(cluster("dev"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    assert builder.earliest("prod", config) == at("tue 08:00")


def test_rule_13_paired_regions_are_upgraded_one_at_a_time() -> None:
    """The upgrade in the paired region and the check after it block the pair until 04:40 on Friday, which is too late."""
    builder = JournalBuilder(
        cluster("one"), cluster("two", region="northeurope"), cluster("far", region="polandcentral")
    )
    for day, following in (("mon", "tue"), ("tue", "wed"), ("wed", "thu"), ("thu", "fri")):
        builder.upgrade("one/system", f"{day} 22:00", f"{following} 04:40", image=OLD)
    verdict = builder.verdict()
    assert [pool.cluster for pool in verdict.missed] == ["far"]
    assert ("two", "system") in verdict.skipped["no-window-left"]


def test_rule_13_the_number_of_concurrent_clusters_is_limited() -> None:
    config = CONFIG.replace("env: [dev, test]}}}", "env: [dev, test]}}, max-concurrent: 1 per region pair}")
    builder = JournalBuilder(cluster("one"), cluster("two"), cluster("far", region="polandcentral"))
    for day, following in (("mon", "tue"), ("tue", "wed"), ("wed", "thu"), ("thu", "fri")):
        builder.upgrade("one/system", f"{day} 22:00", f"{following} 04:40", image=OLD)
    assert ("two", "system") in builder.verdict(config).skipped["no-window-left"]
    assert [pool.cluster for pool in builder.verdict(config).missed] == ["far"]
    assert [pool.cluster for pool in builder.verdict().missed] == ["two", "far"]


def test_rule_15_a_failed_start_fails_the_run() -> None:
    builder = JournalBuilder(replace(cluster("dev"), stopped=True))
    builder.power("dev", "start", "mon 22:00", "mon 22:08", status="Failed")
    verdict = builder.verdict()
    assert verdict.skipped == {"run-failed": (("dev", "system"),)}
    assert verdict.violations == ()


def test_rule_15_no_other_pool_is_upgraded_after_a_failure() -> None:
    builder = JournalBuilder(cluster("dev", "dev", SYSTEM, PoolSpec("user", 3)))
    builder.upgrade("dev/system", "mon 22:00", status="Failed")
    verdict = builder.verdict()
    assert [(pool.pool, pool.end) for pool in verdict.eligible] == [("system", End.FAILED)]
    assert verdict.skipped == {"run-failed": (("dev", "user"),)}


def test_rule_15_success_without_the_new_image_label_counts_as_a_failure() -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.operation("upgrade-node-image", "dev", "system", "mon 22:00", "mon 22:20", image=NEW)
    (pool,) = builder.verdict().eligible
    assert pool.end is End.FAILED


@pytest.mark.parametrize(("ready", "end"), [("mon 22:40", End.UPGRADED), ("mon 22:41", End.FAILED)])
def test_rule_15_nodes_must_be_ready_within_twenty_minutes(ready: str, end: End) -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.not_ready("dev/system/2", "mon 22:19", ready)
    (pool,) = builder.verdict().eligible
    assert pool.end is end


def test_rule_15_a_rollout_with_too_many_failures_halts_before_the_next_ring() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("test/system", "mon 22:00", status="Failed")
    assert builder.verdict().skipped == {"halted": (("prod", "system"),)}
    allowed = CONFIG.replace("proven-for", "failure-budget: 1, proven-for")
    assert [pool.cluster for pool in builder.verdict(allowed).missed] == ["prod"]


def test_rule_15_a_ring_that_has_started_is_not_halted_by_a_later_failure() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("test/system", "tue 22:00", status="Failed")
    assert [pool.cluster for pool in builder.verdict().missed] == ["prod"]


def test_rule_16_a_pool_with_one_outdated_node_is_upgraded() -> None:
    builder = JournalBuilder(cluster("dev"))
    for node in ("system-0", "system-1"):
        builder.add("mon 10:00", Kind.NODE_LABEL, "dev", "system", node, image=NEW)
    builder.add("mon 10:00", Kind.POOL_IMAGE, "dev", "system", image=NEW)
    assert [pool.pool for pool in builder.verdict().missed] == ["system"]


def test_rule_16_an_image_label_with_a_security_patch_counts_as_the_image() -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.upgrade("dev/system", "mon 10:00", image=f"{NEW}-2026.11.14", who="operator")
    assert builder.verdict().skipped == {"already-latest": (("dev", "system"),)}


def test_a_week_without_the_runbook_cannot_be_judged() -> None:
    with pytest.raises(ValueError, match="node-image is off"):
        JournalBuilder(cluster("dev")).verdict(CONFIG[: CONFIG.index("node-image:")])
