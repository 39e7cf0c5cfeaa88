"""Each test changes one thing in a correct week, and the oracle finds exactly that violation."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulator.world.journal import Kind
from simulator.world.specs import PoolSpec
from tests.simulator.oracle.journal_builder import CONFIG, NEW, NEWER, SYSTEM, JournalBuilder, at, cluster

USER = PoolSpec("user", 3, max_surge="1")
SPOT = PoolSpec("aspot", 3, priority="Spot")


def week() -> JournalBuilder:
    """A fleet in which only pre-production was upgraded, on Monday night, so the image is proven on Tuesday at 23:00."""
    builder = JournalBuilder(
        cluster("dev", "dev"),
        cluster("prod-we", "prod", SYSTEM, USER, SPOT),
        cluster("prod-ne", "prod", region="northeurope"),
        cluster("prod-we-2", "prod"),
        cluster("prod-pl", "prod", region="polandcentral"),
        replace(cluster("driven", "prod"), node_os_channel="NodeImage"),
        cluster("frozen", "prod", replace(SYSTEM, from_snapshot=True)),
        cluster("lab", "sandbox"),
        replace(cluster("sleeper", "dev", region="polandcentral"), stopped=True),
    )
    builder.upgrade("dev/system", "mon 22:00")
    return builder


def nothing(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/system", "tue 23:01")
    builder.upgrade("prod-we/user", "tue 23:31")
    builder.upgrade("prod-we/aspot", "wed 00:01")
    builder.upgrade("prod-ne/system", "wed 00:31")
    builder.upgrade("prod-we-2/system", "wed 01:01")
    # This region is not paired, so its upgrade can run at the same time as the previous one.
    builder.upgrade("prod-pl/system", "wed 01:01")
    builder.power("sleeper", "start", "mon 22:00", "mon 22:08")
    builder.upgrade("sleeper/system", "mon 22:10")
    builder.power("sleeper", "stop", "mon 22:31", "mon 22:35")


def a_minute_before_the_window(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/system", "wed 21:59", "wed 22:30")


def at_its_end(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/system", "thu 05:00")


def on_monday_morning(builder: JournalBuilder) -> None:
    builder.upgrade("sleeper/system", "mon 01:00")


def a_minute_before_it_is_proven(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/system", "tue 22:59", "tue 23:20")


def newer_than_proven(builder: JournalBuilder) -> None:
    builder.landed("tue 10:00", NEWER)
    builder.upgrade("prod-we/system", "tue 23:01", image=NEWER)


def where_aks_drives(builder: JournalBuilder) -> None:
    builder.upgrade("driven/system", "tue 23:01")


def a_snapshot(builder: JournalBuilder) -> None:
    builder.upgrade("frozen/system", "tue 23:01")


def in_no_ring(builder: JournalBuilder) -> None:
    builder.upgrade("lab/system", "tue 23:01")


def no_pool_of_the_cluster(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/default", "tue 23:01")


def pairs_together(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/system", "tue 23:01")
    builder.upgrade("prod-ne/system", "tue 23:20")


def more_than_one_of_a_region(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/system", "tue 23:01")
    builder.upgrade("prod-we-2/system", "tue 23:20")


def twice_a_week(builder: JournalBuilder) -> None:
    builder.upgrade("prod-pl/system", "tue 23:01")
    builder.upgrade("prod-pl/system", "wed 23:01", image=NEWER)


def to_what_it_has(builder: JournalBuilder) -> None:
    builder.upgrade("prod-pl/system", "tue 12:00", who="operator")
    builder.upgrade("prod-pl/system", "tue 23:01")


def while_another_runs(builder: JournalBuilder) -> None:
    builder.operation("foreign", "prod-pl", None, "tue 23:00", "tue 23:40", who="terraform")
    builder.upgrade("prod-pl/system", "tue 23:01")


def woken_and_left(builder: JournalBuilder) -> None:
    builder.power("sleeper", "start", "mon 22:00", "mon 22:08")
    builder.upgrade("sleeper/system", "mon 22:10")


def woken_and_left_too_long(builder: JournalBuilder) -> None:
    woken_and_left(builder)
    builder.power("sleeper", "stop", "tue 05:01", "tue 05:05")


def woken_by_day(builder: JournalBuilder) -> None:
    builder.power("sleeper", "start", "tue 12:00", "tue 12:08")
    builder.power("sleeper", "stop", "tue 12:10", "tue 12:20")


def woken_too_late(builder: JournalBuilder) -> None:
    builder.power("sleeper", "start", "tue 04:51", "tue 04:55")
    builder.power("sleeper", "stop", "tue 05:00", "tue 05:05")


def spot_first(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/aspot", "tue 23:01")
    builder.upgrade("prod-we/system", "tue 23:31")


def too_late_to_finish(builder: JournalBuilder) -> None:
    """The expected duration is 31 minutes (rule 9), even if the upgrade ends earlier."""
    builder.upgrade("prod-we/system", "thu 04:30", "thu 04:45")


def after_a_failure(builder: JournalBuilder) -> None:
    builder.upgrade("prod-we/system", "tue 23:01", status="Failed")
    builder.upgrade("prod-we/user", "tue 23:31")


CHANGES: list[tuple[Callable[[JournalBuilder], None], tuple[str, ...]]] = [
    (nothing, ()),
    (a_minute_before_the_window, ("outside-window: prod-we/system at 2026-11-18 21:59:00 UTC",)),
    (at_its_end, ("outside-window: prod-we/system at 2026-11-19 05:00:00 UTC",)),
    (on_monday_morning, ("outside-window: sleeper/system at 2026-11-16 01:00:00 UTC",)),
    (a_minute_before_it_is_proven, ("unproven: prod-we/system at 2026-11-17 22:59:00 UTC",)),
    (newer_than_proven, ("unproven: prod-we/system at 2026-11-17 23:01:00 UTC",)),
    (where_aks_drives, ("driven-by-aks: driven/system at 2026-11-17 23:01:00 UTC",)),
    (a_snapshot, ("snapshot: frozen/system at 2026-11-17 23:01:00 UTC",)),
    (in_no_ring, ("no-ring: lab/system at 2026-11-17 23:01:00 UTC",)),
    (no_pool_of_the_cluster, ("no-agent-pool: prod-we/default at 2026-11-17 23:01:00 UTC",)),
    # With `max-concurrent` set to one cluster per pair, upgrading two regions of a pair violates both rules.
    (
        pairs_together,
        (
            "paired-regions: prod-ne/system at 2026-11-17 23:20:00 UTC",
            "max-concurrent: prod-ne/system at 2026-11-17 23:20:00 UTC",
        ),
    ),
    (more_than_one_of_a_region, ("max-concurrent: prod-we-2/system at 2026-11-17 23:20:00 UTC",)),
    (
        twice_a_week,
        (
            "unproven: prod-pl/system at 2026-11-18 23:01:00 UTC",
            "upgraded-twice: prod-pl/system at 2026-11-18 23:01:00 UTC",
        ),
    ),
    (to_what_it_has, ("already-latest: prod-pl/system at 2026-11-17 23:01:00 UTC",)),
    (while_another_runs, ("busy: prod-pl/system at 2026-11-17 23:01:00 UTC",)),
    (woken_and_left, ("left-awake: sleeper at 2026-11-16 22:00:00 UTC",)),
    (woken_and_left_too_long, ("left-awake: sleeper at 2026-11-16 22:00:00 UTC",)),
    (woken_by_day, ("outside-window: sleeper at 2026-11-17 12:00:00 UTC",)),
    (woken_too_late, ("does-not-fit: sleeper at 2026-11-17 04:51:00 UTC",)),
    (spot_first, ("out-of-order: prod-we/aspot at 2026-11-17 23:01:00 UTC",)),
    (too_late_to_finish, ("does-not-fit: prod-we/system at 2026-11-19 04:30:00 UTC",)),
    (after_a_failure, ("after-failure: prod-we/user at 2026-11-17 23:31:00 UTC",)),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_each_change_leads_to_exactly_one_violation(
    change: Callable[[JournalBuilder], None], expected: tuple[str, ...]
) -> None:
    builder = week()
    change(builder)
    assert builder.verdict().violations == expected


@pytest.mark.parametrize(("stopped", "allowed"), [("tue 09:04", True), ("tue 09:40", False)])
def test_a_started_cluster_that_is_busy_is_stopped_when_the_other_operation_ends(
    stopped: str, *, allowed: bool
) -> None:
    builder = week()
    woken_and_left(builder)
    builder.operation("foreign", "sleeper", None, "mon 23:00", "tue 09:00", who="terraform")
    builder.power("sleeper", "stop", stopped, "tue 09:50")
    assert builder.verdict().violations == (() if allowed else ("left-awake: sleeper at 2026-11-16 22:00:00 UTC",))


@pytest.mark.parametrize(("until", "allowed"), [("tue 23:15", True), ("tue 23:00", False)])
def test_a_pool_whose_image_cannot_be_read_does_not_hold_up_the_next_pool(until: str, *, allowed: bool) -> None:
    builder = week()
    spell = {"at": at("tue 22:00").isoformat(), "until": at(until).isoformat()}
    builder.add(
        "mon 00:00", Kind.FAULT_ARMED, "prod-we", "system", what="FieldMissing", field="nodeImageVersion", **spell
    )
    spot_first(builder)
    assert ("out-of-order: prod-we/aspot at 2026-11-17 23:01:00 UTC" not in builder.verdict().violations) is allowed


def test_an_upgrade_during_a_freeze_counts_as_outside_the_window() -> None:
    builder = week()
    builder.upgrade("prod-we/system", "tue 23:01")
    config = CONFIG + "freezes: [{name: audit, from: 2026-11-17, to: 2026-11-17}]\n"
    assert builder.verdict(config).violations == ("outside-window: prod-we/system at 2026-11-17 23:01:00 UTC",)


def test_an_image_that_landed_within_a_minute_before_the_upgrade_is_reported_separately() -> None:
    builder = week()
    builder.landed("tue 23:00:30", NEWER)
    builder.upgrade("prod-we/system", "tue 23:01", image=NEWER)
    verdict = builder.verdict()
    assert verdict.landed_late == ("landed-late: prod-we/system at 2026-11-17 23:01:00 UTC",)
    assert verdict.violations == ()


def test_starting_a_stopped_cluster_is_a_violation_unless_configured() -> None:
    builder = week()
    builder.power("sleeper", "start", "mon 22:00", "mon 22:08")
    builder.power("sleeper", "stop", "mon 22:31", "mon 22:35")
    config = CONFIG.replace("window: nights, proven", "window: nights, start-stopped-clusters: false, proven")
    assert builder.verdict(config).violations == ("unexpected-start: sleeper at 2026-11-16 22:00:00 UTC",)


def test_a_ring_does_not_start_during_the_first_night_of_the_previous_ring() -> None:
    config = CONFIG.replace("proven-for: 1d, proven-awake: 8h", "proven-for: 0h, proven-awake: 0h")
    builder = JournalBuilder(cluster("dev"), cluster("test", "test", region="polandcentral"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("test/system", "mon 23:30", "mon 23:55")
    builder.upgrade("prod/system", "mon 23:31", "mon 23:56")
    assert builder.verdict(config).violations == ("ring-too-early: prod/system at 2026-11-16 23:31:00 UTC",)
    waiting = JournalBuilder(cluster("dev"), cluster("test", "test", region="polandcentral"), cluster("prod", "prod"))
    waiting.upgrade("dev/system", "mon 22:00")
    waiting.upgrade("prod/system", "mon 23:31", "mon 23:56")
    waiting.upgrade("test/system", "tue 22:00")
    assert waiting.verdict(config).violations == ("ring-too-early: prod/system at 2026-11-16 23:31:00 UTC",)
    earlier = JournalBuilder(cluster("dev"), cluster("prod", "prod"))
    earlier.upgrade("dev/system", "mon 22:00")
    earlier.upgrade("prod/system", "mon 23:31", "mon 23:56")
    assert earlier.verdict(config).violations == ()


def test_a_pool_that_waits_for_proof_does_not_block_later_pools() -> None:
    """In pre-production, the image for the system pool's family arrives a night later."""
    mariner = replace(SYSTEM, os_sku="AzureLinux")
    linux = "AKSAzureLinux-V3gen2-202611.05.0"
    builder = JournalBuilder(cluster("dev"), cluster("test", "test", mariner), cluster("prod", "prod", mariner, USER))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("test/system", "tue 22:00", image=linux)
    builder.upgrade("prod/user", "tue 23:01")
    builder.upgrade("prod/system", "wed 23:01", image=linux)
    verdict = builder.verdict()
    assert verdict.violations == ()
    assert {pool.pool for pool in verdict.eligible if pool.cluster == "prod"} == {"system", "user"}


def test_clusters_in_another_ring_do_not_count_toward_the_concurrency_limit() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("test/system", "tue 23:01")
    builder.upgrade("prod/system", "tue 23:01")
    assert builder.verdict().violations == ()


def test_an_upgrade_must_not_start_after_the_rollout_halted() -> None:
    builder = JournalBuilder(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    builder.upgrade("dev/system", "mon 22:00")
    builder.upgrade("test/system", "mon 22:30", "mon 22:50", status="Failed")
    builder.upgrade("prod/system", "tue 23:01")
    assert builder.verdict().violations == ("halted: prod/system at 2026-11-17 23:01:00 UTC",)


def test_a_window_that_opened_last_week_still_counts() -> None:
    config = CONFIG.replace('days: mon-thu, from: "22:00"', 'days: sun-thu, from: "22:00"')
    builder = JournalBuilder(cluster("dev"))
    builder.upgrade("dev/system", "mon 01:00")
    assert builder.verdict(config).violations == ()


def test_a_started_cluster_is_allowed_to_run_while_its_window_is_open() -> None:
    builder = week()
    woken_and_left(builder)
    assert builder.verdict(end=at("tue 04:00")).violations == ()


def test_node_labels_take_precedence_over_the_operations_status() -> None:
    """A second upgrade to the same image does not count as `already-latest` if the first one did not change any node."""
    builder = JournalBuilder(cluster("dev"))
    builder.operation("upgrade-node-image", "dev", "system", "mon 22:00", "mon 22:20", image=NEW)
    builder.add("mon 22:20", Kind.POOL_IMAGE, "dev", "system", image=NEW)
    builder.upgrade("dev/system", "tue 22:00")
    assert builder.verdict().violations == (
        "after-failure: dev/system at 2026-11-17 22:00:00 UTC",
        "upgraded-twice: dev/system at 2026-11-17 22:00:00 UTC",
    )
