"""A week as it should be, with one thing changed: the oracle finds exactly that."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from simulator.world.journal import Kind
from simulator.world.specs import PoolSpec
from tests.simulator.oracle.story import CONFIG, NEW, NEWER, SYSTEM, Story, at, cluster

USER = PoolSpec("user", 3, max_surge="1")
SPOT = PoolSpec("aspot", 3, priority="Spot")


def week() -> Story:
    """A fleet of which nothing is upgraded yet but pre-production, on Monday night: proven from Tuesday 23:00 on."""
    story = Story(
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
    story.upgrade("dev/system", "mon 22:00")
    return story


def nothing(story: Story) -> None:
    story.upgrade("prod-we/system", "tue 23:01")
    story.upgrade("prod-we/user", "tue 23:31")
    story.upgrade("prod-we/aspot", "wed 00:01")
    story.upgrade("prod-ne/system", "wed 00:31")
    story.upgrade("prod-we-2/system", "wed 01:01")
    # No pair, so at the same time as the last one.
    story.upgrade("prod-pl/system", "wed 01:01")
    story.power("sleeper", "start", "mon 22:00", "mon 22:08")
    story.upgrade("sleeper/system", "mon 22:10")
    story.power("sleeper", "stop", "mon 22:31", "mon 22:35")


def a_minute_before_the_window(story: Story) -> None:
    story.upgrade("prod-we/system", "wed 21:59", "wed 22:30")


def at_its_end(story: Story) -> None:
    story.upgrade("prod-we/system", "thu 05:00")


def on_monday_morning(story: Story) -> None:
    story.upgrade("sleeper/system", "mon 01:00")


def a_minute_before_it_is_proven(story: Story) -> None:
    story.upgrade("prod-we/system", "tue 22:59", "tue 23:20")


def newer_than_proven(story: Story) -> None:
    story.landed("tue 10:00", NEWER)
    story.upgrade("prod-we/system", "tue 23:01", image=NEWER)


def where_aks_drives(story: Story) -> None:
    story.upgrade("driven/system", "tue 23:01")


def a_snapshot(story: Story) -> None:
    story.upgrade("frozen/system", "tue 23:01")


def in_no_ring(story: Story) -> None:
    story.upgrade("lab/system", "tue 23:01")


def no_pool_of_the_cluster(story: Story) -> None:
    story.upgrade("prod-we/default", "tue 23:01")


def pairs_together(story: Story) -> None:
    story.upgrade("prod-we/system", "tue 23:01")
    story.upgrade("prod-ne/system", "tue 23:20")


def more_than_one_of_a_region(story: Story) -> None:
    story.upgrade("prod-we/system", "tue 23:01")
    story.upgrade("prod-we-2/system", "tue 23:20")


def twice_a_week(story: Story) -> None:
    story.upgrade("prod-pl/system", "tue 23:01")
    story.upgrade("prod-pl/system", "wed 23:01", image=NEWER)


def to_what_it_has(story: Story) -> None:
    story.upgrade("prod-pl/system", "tue 12:00", who="somebody")
    story.upgrade("prod-pl/system", "tue 23:01")


def while_another_runs(story: Story) -> None:
    story.operation("foreign", "prod-pl", None, "tue 23:00", "tue 23:40", who="terraform")
    story.upgrade("prod-pl/system", "tue 23:01")


def woken_and_left(story: Story) -> None:
    story.power("sleeper", "start", "mon 22:00", "mon 22:08")
    story.upgrade("sleeper/system", "mon 22:10")


def woken_and_left_too_long(story: Story) -> None:
    woken_and_left(story)
    story.power("sleeper", "stop", "tue 05:01", "tue 05:05")


def woken_by_day(story: Story) -> None:
    story.power("sleeper", "start", "tue 12:00", "tue 12:08")
    story.power("sleeper", "stop", "tue 12:10", "tue 12:20")


def woken_too_late(story: Story) -> None:
    story.power("sleeper", "start", "tue 04:51", "tue 04:55")
    story.power("sleeper", "stop", "tue 05:00", "tue 05:05")


def spot_first(story: Story) -> None:
    story.upgrade("prod-we/aspot", "tue 23:01")
    story.upgrade("prod-we/system", "tue 23:31")


def too_late_to_finish(story: Story) -> None:
    """31 minutes are expected (rule 9), however soon it ends."""
    story.upgrade("prod-we/system", "thu 04:30", "thu 04:45")


def after_a_failure(story: Story) -> None:
    story.upgrade("prod-we/system", "tue 23:01", status="Failed")
    story.upgrade("prod-we/user", "tue 23:31")


CHANGES: list[tuple[Callable[[Story], None], tuple[str, ...]]] = [
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
    # With one at once in a pair, two of its regions are too many in both ways.
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
def test_one_change_is_exactly_one_finding(change: Callable[[Story], None], expected: tuple[str, ...]) -> None:
    story = week()
    change(story)
    assert story.verdict().violations == expected


def test_a_freeze_is_no_window() -> None:
    story = week()
    story.upgrade("prod-we/system", "tue 23:01")
    config = CONFIG + "freezes: [{name: audit, from: 2026-11-17, to: 2026-11-17}]\n"
    assert story.verdict(config).violations == ("outside-window: prod-we/system at 2026-11-17 23:01:00 UTC",)


def test_what_lands_within_the_minute_before_the_call_is_reported_apart() -> None:
    story = week()
    story.landed("tue 23:00:30", NEWER)
    story.upgrade("prod-we/system", "tue 23:01", image=NEWER)
    verdict = story.verdict()
    assert verdict.landed_late == ("landed-late: prod-we/system at 2026-11-17 23:01:00 UTC",)
    assert verdict.violations == ()


def test_nobody_is_woken_where_sleepers_are_left_to_sleep() -> None:
    story = week()
    story.power("sleeper", "start", "mon 22:00", "mon 22:08")
    story.power("sleeper", "stop", "mon 22:31", "mon 22:35")
    config = CONFIG.replace("window: nights, proven", "window: nights, start-stopped-clusters: false, proven")
    assert story.verdict(config).violations == ("woken-unasked: sleeper at 2026-11-16 22:00:00 UTC",)


def test_a_ring_does_not_begin_while_the_one_before_goes_on_in_its_first_night() -> None:
    config = CONFIG.replace("proven-for: 1d, proven-awake: 8h", "proven-for: 0h, proven-awake: 0h")
    story = Story(cluster("dev"), cluster("test", "test", region="polandcentral"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("test/system", "mon 23:30", "mon 23:55")
    story.upgrade("prod/system", "mon 23:31", "mon 23:56")
    assert story.verdict(config).violations == ("ring-too-early: prod/system at 2026-11-16 23:31:00 UTC",)
    waiting = Story(cluster("dev"), cluster("test", "test", region="polandcentral"), cluster("prod", "prod"))
    waiting.upgrade("dev/system", "mon 22:00")
    waiting.upgrade("prod/system", "mon 23:31", "mon 23:56")
    waiting.upgrade("test/system", "tue 22:00")
    assert waiting.verdict(config).violations == ("ring-too-early: prod/system at 2026-11-16 23:31:00 UTC",)
    earlier = Story(cluster("dev"), cluster("prod", "prod"))
    earlier.upgrade("dev/system", "mon 22:00")
    earlier.upgrade("prod/system", "mon 23:31", "mon 23:56")
    assert earlier.verdict(config).violations == ()


def test_what_waits_for_proof_is_passed_over() -> None:
    """Pre-production gets the image of the system pool's family a night later."""
    mariner = replace(SYSTEM, os_sku="AzureLinux")
    linux = "AKSAzureLinux-V3gen2-202611.05.0"
    story = Story(cluster("dev"), cluster("test", "test", mariner), cluster("prod", "prod", mariner, USER))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("test/system", "tue 22:00", image=linux)
    story.upgrade("prod/user", "tue 23:01")
    story.upgrade("prod/system", "wed 23:01", image=linux)
    verdict = story.verdict()
    assert verdict.violations == ()
    assert {pool.pool for pool in verdict.eligible if pool.cluster == "prod"} == {"system", "user"}


def test_clusters_of_another_ring_do_not_count_for_at_once() -> None:
    story = Story(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("test/system", "tue 23:01")
    story.upgrade("prod/system", "tue 23:01")
    assert story.verdict().violations == ()


def test_nothing_begins_after_the_rollout_halted() -> None:
    story = Story(cluster("dev"), cluster("test", "test"), cluster("prod", "prod"))
    story.upgrade("dev/system", "mon 22:00")
    story.upgrade("test/system", "mon 22:30", "mon 22:50", status="Failed")
    story.upgrade("prod/system", "tue 23:01")
    assert story.verdict().violations == ("halted: prod/system at 2026-11-17 23:01:00 UTC",)


def test_the_night_that_began_last_week_is_no_time_outside_the_window() -> None:
    config = CONFIG.replace('days: mon-thu, from: "22:00"', 'days: sun-thu, from: "22:00"')
    story = Story(cluster("dev"))
    story.upgrade("dev/system", "mon 01:00")
    assert story.verdict(config).violations == ()


def test_a_sleeper_may_still_be_awake_while_its_window_is_open() -> None:
    story = week()
    woken_and_left(story)
    assert story.verdict(end=at("tue 04:00")).violations == ()


def test_the_nodes_labels_count_and_not_the_operations_word() -> None:
    """A second upgrade to the same image is no finding of `already-latest` where the first changed nothing."""
    story = Story(cluster("dev"))
    story.operation("upgrade-node-image", "dev", "system", "mon 22:00", "mon 22:20", image=NEW)
    story.tell("mon 22:20", Kind.POOL_IMAGE, "dev", "system", image=NEW)
    story.upgrade("dev/system", "tue 22:00")
    assert story.verdict().violations == (
        "after-failure: dev/system at 2026-11-17 22:00:00 UTC",
        "upgraded-twice: dev/system at 2026-11-17 22:00:00 UTC",
    )
