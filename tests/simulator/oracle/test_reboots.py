"""Reboots: nights on which a reboot was required and took place, and forbidden reboots."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest

from simulator.world.journal import Kind
from simulator.world.specs import PRINCIPAL
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.simulator.oracle.journal_builder import CONFIG, SUNDAY, SYSTEM, JournalBuilder, at, cluster

WEDNESDAY_NOON = at("wed 12:00")
REBOOT = CONFIG + "reboot: {window: nights}\n"


def small_world() -> JournalBuilder:
    """All nodes have the newest image, and on Tuesday node 0 in pre-production requires a reboot."""
    new = replace(SYSTEM, releases_behind=0)
    builder = JournalBuilder(cluster("dev", "dev", new), cluster("lab", "sandbox", new))
    builder.asks("dev/system/0", "tue 10:00")
    return builder


def reboots(builder: JournalBuilder, config: str = REBOOT, end: datetime = WEDNESDAY_NOON) -> tuple[int, list[str]]:
    """The number of runs expected up to a given time (by default after one night), and the violations."""
    verdict = builder.verdict(config, end)
    return verdict.expected["reboot"], list(verdict.violations)


def test_a_night_in_which_all_nodes_return_counts_as_a_successful_run() -> None:
    builder = small_world()
    builder.asks("dev/system/1", "tue 12:00")
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.reboot("dev/system/1", "tue 22:10", "tue 22:16")
    assert reboots(builder) == (1, [])


def test_two_nights_count_as_two_runs() -> None:
    builder = small_world()
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.asks("dev/system/1", "wed 10:00")
    builder.reboot("dev/system/1", "thu 00:10", "thu 00:16")
    assert reboots(builder, end=SUNDAY) == (2, [])


def test_no_reboot_is_expected_without_the_configuration_section() -> None:
    assert reboots(small_world(), CONFIG) == (0, [])


def test_a_late_node_does_not_count_as_success() -> None:
    builder = small_world()
    builder.cordon("dev/system/0", "tue 22:00", "tue 22:30")
    builder.restart("dev/system/0", "tue 22:02", minutes=21)
    assert reboots(builder) == (0, [])


def test_a_failed_drain_does_not_count_as_success() -> None:
    builder = small_world()
    builder.asks("dev/system/1", "tue 12:00")
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.cordon("dev/system/1", "tue 22:10", "tue 22:40")
    assert reboots(builder) == (0, [])


def test_a_failed_restart_does_not_block_the_next_night() -> None:
    builder = small_world()
    builder.cordon("dev/system/0", "tue 22:00", "tue 22:06")
    builder.add("tue 22:02", Kind.MACHINE_RESTART, "dev", "system", "system-0", who=PRINCIPAL, status="InProgress")
    builder.add("tue 22:04", Kind.MACHINE_RESTART, "dev", "system", "system-0", who=PRINCIPAL, status="Failed")
    assert reboots(builder) == (0, [])
    builder.reboot("dev/system/0", "wed 22:00", "wed 22:06")
    assert reboots(builder, end=SUNDAY) == (1, [])


def overlooked(_story: JournalBuilder) -> None:
    pass


def by_day(builder: JournalBuilder) -> None:
    builder.reboot("dev/system/0", "tue 12:00", "tue 12:06")


def too_late(builder: JournalBuilder) -> None:
    """The node takes ten minutes to boot."""
    builder.reboot("dev/system/0", "wed 04:50", "wed 05:00")


def unrequired(builder: JournalBuilder) -> None:
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.reboot("dev/system/2", "tue 22:10", "tue 22:16")


def two_at_once(builder: JournalBuilder) -> None:
    builder.asks("dev/system/1", "tue 12:00")
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.reboot("dev/system/1", "tue 22:02", "tue 22:08")


def in_no_ring(builder: JournalBuilder) -> None:
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.asks("lab/system/0", "tue 10:00")
    builder.reboot("lab/system/0", "tue 22:00", "tue 22:06")


def during_an_operation(builder: JournalBuilder) -> None:
    builder.operation("foreign", "dev", None, "tue 22:01", "tue 22:30", who="terraform")
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")


def against_a_budget(builder: JournalBuilder) -> None:
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.add("tue 22:01", Kind.PDB_VIOLATED, "dev", pdb="shop/web", who=PRINCIPAL)
    builder.add("tue 22:01", Kind.PDB_VIOLATED, "dev", pdb="shop/other", who="aks")


def left_cordoned(builder: JournalBuilder) -> None:
    builder.cordon("dev/system/0", "tue 22:00", None)
    builder.restart("dev/system/0", "tue 22:02")


def lifted_anothers_cordon(builder: JournalBuilder) -> None:
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.cordon("dev/system/1", "tue 12:00", None, who="ana")
    builder.add("tue 22:10", Kind.NODE_UNCORDONED, "dev", "system", "system-1", who=PRINCIPAL)


def not_cordoned(builder: JournalBuilder) -> None:
    builder.restart("dev/system/0", "tue 22:02")
    builder.cordon("dev/system/1", "tue 22:00", "tue 22:10")


def cordoned_by_another_person(builder: JournalBuilder) -> None:
    builder.cordon("dev/system/0", "tue 22:00", "tue 22:10", who="ana")
    builder.restart("dev/system/0", "tue 22:02")


def for_another_cluster(builder: JournalBuilder) -> None:
    machine = "azure:///subscriptions/0/resourceGroups/mc_dev/providers/Microsoft.Compute/virtualMachines/one"
    builder.reboot("dev/system/0", "tue 22:00", "tue 22:06")
    builder.asks("dev/system/1", "tue 12:00")
    builder.add("tue 22:00", Kind.NODE_INVENTED, "lab", None, "mine", who="hostile-admin", machine=machine.upper())
    builder.restart("dev/system/1", "tue 22:10", machine=machine)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (not_cordoned, ["restarted-uncordoned: dev/system-0 at 2026-11-17 22:02:00 UTC"]),
        (cordoned_by_another_person, ["restarted-uncordoned: dev/system-0 at 2026-11-17 22:02:00 UTC"]),
        (
            for_another_cluster,
            [
                "restarted-uncordoned: dev/system-1 at 2026-11-17 22:10:00 UTC",
                "restarted-for-another-cluster: dev/system-1 at 2026-11-17 22:10:00 UTC",
            ],
        ),
        (overlooked, ["not-rebooted: dev/system-0 at 2026-11-17 22:00:00 UTC"]),
        (by_day, ["reboot-outside-window: dev/system-0 at 2026-11-17 12:02:00 UTC"]),
        (too_late, ["reboot-outside-window: dev/system-0 at 2026-11-18 04:52:00 UTC"]),
        (unrequired, ["unrequired-reboot: dev/system-2 at 2026-11-17 22:12:00 UTC"]),
        (two_at_once, ["two-reboots-at-once: dev/system-1 at 2026-11-17 22:04:00 UTC"]),
        (in_no_ring, ["reboot-no-ring: lab/system-0 at 2026-11-17 22:02:00 UTC"]),
        (during_an_operation, ["reboot-busy: dev/system-0 at 2026-11-17 22:02:00 UTC"]),
        (against_a_budget, ["pdb-violated: dev/shop/web at 2026-11-17 22:01:00 UTC"]),
        (left_cordoned, ["left-cordoned: dev/system-0 at 2026-11-17 22:00:00 UTC"]),
        (lifted_anothers_cordon, ["uncordoned-others: dev/system-1 at 2026-11-17 22:10:00 UTC"]),
    ],
)
def test_forbidden_reboots_are_reported(changes: Callable[[JournalBuilder], None], expected: list[str]) -> None:
    builder = small_world()
    changes(builder)
    assert reboots(builder)[1] == expected


def not_ready(builder: JournalBuilder) -> JournalBuilder:
    builder.not_ready("dev/system/0", "tue 12:00", "fri 12:00")
    return builder


def cordoned(builder: JournalBuilder) -> JournalBuilder:
    builder.cordon("dev/system/0", "tue 12:00", None, who="ana")
    return builder


def busy(builder: JournalBuilder) -> JournalBuilder:
    builder.operation("foreign", "dev", None, "tue 12:00", "fri 12:00", who="terraform")
    return builder


def under_a_budget(builder: JournalBuilder) -> JournalBuilder:
    never = WorkloadSpec("shop", "web", 2, PdbSpec(min_available=2), pool="system")
    dev, lab = builder.fleet.clusters
    builder.fleet = replace(builder.fleet, clusters=(replace(dev, workloads=(never,)), lab))
    return builder


@pytest.mark.parametrize("held", [not_ready, cordoned, busy, under_a_budget])
def test_blocked_nodes_are_not_reported_as_overlooked(held: Callable[[JournalBuilder], JournalBuilder]) -> None:
    assert reboots(held(small_world())) == (0, [])


def test_a_node_is_allowed_to_stay_cordoned_while_it_is_being_rebooted() -> None:
    builder = small_world()
    builder.cordon("dev/system/0", "tue 22:00", None)
    assert builder.verdict(REBOOT, at("tue 22:30")).violations == ()
