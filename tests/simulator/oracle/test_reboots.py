"""Reboots: nights that had to have one and show it, and reboots that must not be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from simulator.world.journal import Kind
from simulator.world.specs import PRINCIPAL
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.simulator.oracle.story import CONFIG, SUNDAY, SYSTEM, Story, at, cluster

WEDNESDAY_NOON = at("wed 12:00")
REBOOT = CONFIG + "reboot: {window: nights}\n"


def tiny() -> Story:
    """Everything carries the newest image; node 0 of pre-production requires a reboot on Tuesday."""
    new = replace(SYSTEM, releases_behind=0)
    story = Story(cluster("dev", "dev", new), cluster("lab", "sandbox", new))
    story.asks("dev/system/0", "tue 10:00")
    return story


def reboots(story: Story, config: str = REBOOT, end: datetime = WEDNESDAY_NOON) -> tuple[int, list[str]]:
    """How many runs are expected by then, and what was violated: after one night, where nothing else is said."""
    verdict = story.verdict(config, end)
    return verdict.expected["reboot"], list(verdict.violations)


def test_a_night_in_which_all_came_back_is_a_run() -> None:
    story = tiny()
    story.asks("dev/system/1", "tue 12:00")
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    story.reboot("dev/system/1", "tue 22:10", "tue 22:16")
    assert reboots(story) == (1, [])


def test_two_nights_are_two() -> None:
    story = tiny()
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    story.asks("dev/system/1", "wed 10:00")
    story.reboot("dev/system/1", "thu 00:10", "thu 00:16")
    assert reboots(story, end=SUNDAY) == (2, [])


def test_without_the_section_nobody_waits_for_one() -> None:
    assert reboots(tiny(), CONFIG) == (0, [])


def test_a_node_that_is_not_back_in_time_is_no_success() -> None:
    story = tiny()
    story.cordon("dev/system/0", "tue 22:00", "tue 22:30")
    story.restart("dev/system/0", "tue 22:02", minutes=21)
    assert reboots(story) == (0, [])


def test_a_drain_that_failed_is_no_success() -> None:
    story = tiny()
    story.asks("dev/system/1", "tue 12:00")
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    story.cordon("dev/system/1", "tue 22:10", "tue 22:40")
    assert reboots(story) == (0, [])


def test_a_restart_that_azure_gave_up_keeps_nobody_from_the_next_night() -> None:
    story = tiny()
    story.cordon("dev/system/0", "tue 22:00", "tue 22:06")
    story.tell("tue 22:02", Kind.MACHINE_RESTART, "dev", "system", "system-0", who=PRINCIPAL, status="InProgress")
    story.tell("tue 22:04", Kind.MACHINE_RESTART, "dev", "system", "system-0", who=PRINCIPAL, status="Failed")
    assert reboots(story) == (0, [])
    story.reboot("dev/system/0", "wed 22:00", "wed 22:06")
    assert reboots(story, end=SUNDAY) == (1, [])


def overlooked(_story: Story) -> None:
    pass


def by_day(story: Story) -> None:
    story.reboot("dev/system/0", "tue 12:00", "tue 12:06")


def too_late(story: Story) -> None:
    """Ten minutes are needed for a boot."""
    story.reboot("dev/system/0", "wed 04:50", "wed 05:00")


def unasked(story: Story) -> None:
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    story.reboot("dev/system/2", "tue 22:10", "tue 22:16")


def two_at_once(story: Story) -> None:
    story.asks("dev/system/1", "tue 12:00")
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    story.reboot("dev/system/1", "tue 22:02", "tue 22:08")


def in_no_ring(story: Story) -> None:
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    story.asks("lab/system/0", "tue 10:00")
    story.reboot("lab/system/0", "tue 22:00", "tue 22:06")


def during_an_operation(story: Story) -> None:
    story.operation("foreign", "dev", None, "tue 22:01", "tue 22:30", who="terraform")
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")


def against_a_budget(story: Story) -> None:
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    story.tell("tue 22:01", Kind.PDB_VIOLATED, "dev", pdb="shop/web", who=PRINCIPAL)
    story.tell("tue 22:01", Kind.PDB_VIOLATED, "dev", pdb="shop/other", who="aks")


def left_cordoned(story: Story) -> None:
    story.cordon("dev/system/0", "tue 22:00", None)
    story.restart("dev/system/0", "tue 22:02")


def lifted_anothers_cordon(story: Story) -> None:
    story.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    story.cordon("dev/system/1", "tue 12:00", None, who="ana")
    story.tell("tue 22:10", Kind.NODE_UNCORDONED, "dev", "system", "system-1", who=PRINCIPAL)


@pytest.mark.parametrize(
    ("tells", "expected"),
    [
        (overlooked, ["not-rebooted: dev/system-0 at 2026-11-17 22:00:00 UTC"]),
        (by_day, ["reboot-outside-window: dev/system-0 at 2026-11-17 12:02:00 UTC"]),
        (too_late, ["reboot-outside-window: dev/system-0 at 2026-11-18 04:52:00 UTC"]),
        (unasked, ["reboot-unasked: dev/system-2 at 2026-11-17 22:12:00 UTC"]),
        (two_at_once, ["two-reboots-at-once: dev/system-1 at 2026-11-17 22:04:00 UTC"]),
        (in_no_ring, ["reboot-no-ring: lab/system-0 at 2026-11-17 22:02:00 UTC"]),
        (during_an_operation, ["reboot-busy: dev/system-0 at 2026-11-17 22:02:00 UTC"]),
        (against_a_budget, ["pdb-violated: dev/shop/web at 2026-11-17 22:01:00 UTC"]),
        (left_cordoned, ["left-cordoned: dev/system-0 at 2026-11-17 22:00:00 UTC"]),
        (lifted_anothers_cordon, ["uncordoned-others: dev/system-1 at 2026-11-17 22:10:00 UTC"]),
    ],
)
def test_what_must_not_be_is_told(tells: Callable[[Story], None], expected: list[str]) -> None:
    story = tiny()
    tells(story)
    assert reboots(story)[1] == expected


def not_ready(story: Story) -> Story:
    story.not_ready("dev/system/0", "tue 12:00", "fri 12:00")
    return story


def cordoned(story: Story) -> Story:
    story.cordon("dev/system/0", "tue 12:00", None, who="ana")
    return story


def busy(story: Story) -> Story:
    story.operation("foreign", "dev", None, "tue 12:00", "fri 12:00", who="terraform")
    return story


def under_a_budget(story: Story) -> Story:
    never = WorkloadSpec("shop", "web", 2, PdbSpec(min_available=2), pool="system")
    dev, lab = story.fleet.clusters
    story.fleet = replace(story.fleet, clusters=(replace(dev, workloads=(never,)), lab))
    return story


@pytest.mark.parametrize("held", [not_ready, cordoned, busy, under_a_budget])
def test_what_holds_a_node_is_no_reason_to_complain(held: Callable[[Story], Story]) -> None:
    assert reboots(held(tiny())) == (0, [])


def test_a_cordon_may_last_while_its_node_is_being_rebooted() -> None:
    story = tiny()
    story.cordon("dev/system/0", "tue 22:00", None)
    assert story.verdict(REBOOT, at("tue 22:30")).violations == ()
