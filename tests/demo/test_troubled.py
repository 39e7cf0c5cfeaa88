"""A week in which the other operations fail: failures do not count as expected successes, but corrected ones do."""

from dataclasses import replace
from datetime import timedelta

from ops.model.run import State
from simulator.demo.operations import Operation
from simulator.demo.week import JudgedWeek
from simulator.world.scripted_faults import BudgetAlert, RebootRequired, RestartFails, SpotEviction, StartFails
from simulator.world.specs import FleetSpec, PoolSpec
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.demo.conftest import SimulateWeek
from tests.simulator.oracle.journal_builder import CONFIG, MONDAY, REGIONS, SYSTEM, at, cluster

NEW = replace(SYSTEM, releases_behind=0)
SPOT = PoolSpec("spot", 4, priority="Spot", releases_behind=0)
CONFIGURED = (
    CONFIG
    + """\
reboot: {window: nights}
power: [{select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}]
spot: {group-within: 10m}
chat: {slack: {channel: C0123}}
"""
)


def week_with_faults(simulate: SimulateWeek) -> JudgedWeek:
    """A failed restart, a PDB that never allows a disruption, a start without capacity, two eviction groups, and a duplicate alert."""
    held = WorkloadSpec("shop", "web", 3, PdbSpec(min_available=3), pool="user")
    clusters = (
        cluster("dev", "dev", NEW),
        cluster("test", "test", NEW, SPOT),
        replace(cluster("prod", "prod", NEW, PoolSpec("user", 3, releases_behind=0)), workloads=(held,)),
    )
    scripted_faults = (
        StartFails("dev"),
        RebootRequired("test", "system", at("mon 12:00"), 2),
        RestartFails("test", "system"),
        RebootRequired("prod", "user", at("tue 12:00"), 1),
        SpotEviction("test", "spot", at("wed 10:00"), 1, notice_s=25),
        SpotEviction("test", "spot", at("wed 11:00"), 1, notice_s=25),
        BudgetAlert("platform", at("wed 12:00"), "common", 80, 8123.5, 10000),
        BudgetAlert("platform", at("wed 12:00") + timedelta(hours=5), "common", 80, 8200.0, 10000),
    )
    return simulate(FleetSpec("troubled", MONDAY, REGIONS, clusters, scripted_faults), CONFIGURED)


def test_daytwo_and_the_oracle_agree_on_a_week_with_faults(simulate_week: SimulateWeek) -> None:
    week = week_with_faults(simulate_week)
    assert week.verdict.violations == ()
    assert [operation for operation in week.operations if not operation.as_expected] == []
    by_name = {operation.runbook: operation for operation in week.operations}
    # Monday's run fails at its first node; on Tuesday both nodes are rebooted. Production's node can never be drained.
    assert by_name["reboot"] == Operation("reboot", 2, 1, 0, 1, 1)
    # Six nights. The start on the first morning fails, then succeeds a quarter of an hour later.
    assert by_name["power"] == Operation("power", 12, 11, 0, 1, 11)
    assert (by_name["spot"].succeeded, by_name["budget"].succeeded) == (2, 1)
    assert {run.target_name for run in week.runs if run.state is State.FAILED} == {"dev", "test"}
