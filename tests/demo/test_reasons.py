"""Every reason in docs/node-image.md, rule 8, occurs in a simulated week: Daytwo, the oracle, and the expectation agree."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from simulator.demo.tally import BY_AKS, UPGRADED
from simulator.demo.week import JudgedWeek
from simulator.running import Running
from simulator.world.scripted_faults import ForeignOperation, UpgradeFails
from simulator.world.specs import FleetSpec, PoolSpec
from tests.demo.conftest import SimulateWeek
from tests.simulator.oracle.journal_builder import CONFIG, MONDAY, REGIONS, SYSTEM, cluster

type Outcomes = Mapping[str, set[str]]

SPOT = PoolSpec("spot", 2, priority="Spot")
CHAT = "chat: {slack: {channel: C0123}}\n"
WEEK_MINUTES = 7 * 24 * 60


def week_with_all_reasons(simulate: SimulateWeek) -> JudgedWeek:
    """A week without failures in which each cluster has a different reason."""
    clusters = (
        cluster("dev"),
        cluster("busy"),
        cluster("broken", "dev", SYSTEM, PoolSpec("user", 2)),
        cluster("fresh", "dev", replace(SYSTEM, releases_behind=0)),
        replace(cluster("auto"), node_provisioning="Auto", provisioned_nodes=2),
        replace(cluster("aks"), node_os_channel="NodeImage"),
        cluster("sandbox", "sandbox"),
        cluster(
            "prod",
            "prod",
            SYSTEM,
            PoolSpec("big", 60, max_surge="1"),
            PoolSpec("linux", 2, os_sku="AzureLinux"),
            PoolSpec("pinned", 2, from_snapshot=True),
        ),
    )
    scripted_faults = (
        ForeignOperation("busy", MONDAY + timedelta(hours=4), WEEK_MINUTES),
        UpgradeFails("broken", "user", 1),
    )

    def before(running: Running) -> None:
        """Let a pool upgrade that a person starts fail on Monday morning."""
        world = running.world
        broken = world.clusters["broken"]
        world.upgrade(broken, broken.pools["user"], "ana")
        running.advance(MONDAY + timedelta(hours=3))

    return simulate(FleetSpec("all-sorts", MONDAY, REGIONS, clusters, scripted_faults), CONFIG + CHAT, before)


def week_with_freeze(simulate: SimulateWeek) -> JudgedWeek:
    """A week with only the first two hours of Monday's window, in which stopped clusters are not started."""
    clusters = (
        cluster("dev", "dev", SYSTEM, PoolSpec("slow", 14, max_surge="1")),
        replace(cluster("asleep"), stopped=True),
        cluster("prod", "prod"),
    )
    config = CONFIG.replace("proven-nodes: 3}", "proven-nodes: 3, start-stopped-clusters: false}")
    freeze = "freezes: [{name: sale, from: 2026-11-17, to: 2026-11-20}]\n"
    return simulate(FleetSpec("freeze", MONDAY, REGIONS, clusters), config + freeze + CHAT)


def week_with_failure(simulate: SimulateWeek) -> JudgedWeek:
    """A week in which an upgrade fails in the first ring, so its run ends and the next ring never starts."""
    clusters = (
        cluster("dev"),
        cluster("failing", "dev", SYSTEM, PoolSpec("user", 2)),
        cluster("prod", "prod", SYSTEM, SPOT),
    )
    return simulate(
        FleetSpec("failure", MONDAY, REGIONS, clusters, (UpgradeFails("failing", "system", 1),)), CONFIG + CHAT
    )


ALL_REASONS: Outcomes = {
    UPGRADED: {"dev/system", "broken/system", "auto/system", "prod/system"},
    BY_AKS: {"aks/system"},
    "no-ring": {"sandbox/system"},
    "snapshot": {"prod/pinned"},
    "node-auto-provisioning": {"auto/default"},
    "already-latest": {"fresh/system"},
    "pool-failed": {"broken/user"},
    "never-fits": {"prod/big"},
    "busy": {"busy/system"},
    "unproven": {"prod/linux"},
}
FREEZE: Outcomes = {
    UPGRADED: {"dev/system"},
    "asleep": {"asleep/system"},
    "no-window-left": {"dev/slow", "prod/system"},
}
FAILURE: Outcomes = {
    UPGRADED: {"dev/system"},
    "run-failed": {"failing/system", "failing/user"},
    "halted": {"prod/system", "prod/spot"},
}


@pytest.mark.parametrize(
    ("week", "expected"),
    [(week_with_all_reasons, ALL_REASONS), (week_with_freeze, FREEZE), (week_with_failure, FAILURE)],
    ids=["all reasons", "a freeze", "a failure"],
)
def test_each_pool_has_the_expected_outcome(
    week: Callable[[SimulateWeek], JudgedWeek], expected: Outcomes, simulate_week: SimulateWeek
) -> None:
    simulated = week(simulate_week)
    assert by_outcome(simulated) == expected
    assert [str(one) for one in simulated.differences] == []
    assert simulated.verdict.violations == ()


def by_outcome(week: JudgedWeek) -> Outcomes:
    found: dict[str, set[str]] = {}
    for (name, pool), outcome in week.tally.outcomes.items():
        found.setdefault(outcome, set()).add(f"{name}/{pool}")
    return found
