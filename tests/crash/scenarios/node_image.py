"""A night of node image upgrades: a stopped cluster is started, upgraded, and stopped again, even if its upgrade fails."""

from datetime import UTC, datetime

from simulator.world.scripted_faults import UpgradeFails
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import ONE_RING, TO_SLACK, nights
from tests.crash.scenario import ButtonClick, Scenario
from tests.staging import in_west_europe

# 21:30 in Amsterdam. The window opens half an hour later, when the hourly timer starts the rollout.
START = datetime(2026, 11, 16, 20, 30, tzinfo=UTC)
END = datetime(2026, 11, 17, 0, 0, tzinfo=UTC)
CONFIG = (
    ONE_RING
    + nights("Europe/Amsterdam")
    + """\
node-image: {window: nights, start-stopped-clusters: true}
"""
    + TO_SLACK
)
STOPPED_CLUSTER = ClusterSpec(
    "shop-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", max_surge="1"), PoolSpec("spot", 1, priority="Spot")),
    tags=(("env", "dev"),),
    stopped=True,
)
FLEET = in_west_europe("crash", START, STOPPED_CLUSTER)
FAILING = in_west_europe(
    "crash-failing",
    START,
    STOPPED_CLUSTER,
    scripted_faults=(UpgradeFails("shop-dev", "system", 0, "PodDrainFailure", "a pod could not be drained"),),
)

APPROVED = (
    CONFIG.replace("start-stopped-clusters: true}", "start-stopped-clusters: true, approval: {from: platform}}")
    + """
identity: {slack-team: T0DAYTWO}
people: {ana: {slack: U0ANA}, ben: {slack: U0BEN}}
groups: {platform: [ana, ben]}
"""
)
OVERRIDE = ClusterSpec(
    "shop-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", max_surge="1"),),
    tags=(("env", "dev"),),
)
# A single cluster, because two simultaneous runs would leave the order of message edits undefined.
APPROVAL_CONFIG = in_west_europe("crash-asking", START, OVERRIDE)
REQUESTED = datetime(2026, 11, 16, 21, 20, tzinfo=UTC)

SCENARIOS = (
    Scenario("approved", APPROVAL_CONFIG, APPROVED, END, clicks=(ButtonClick("U0ANA", "approve", REQUESTED),)),
    Scenario("rejected", APPROVAL_CONFIG, APPROVED, END, clicks=(ButtonClick("U0BEN", "reject", REQUESTED),)),
    Scenario("a-sleeper", FLEET, CONFIG, END),
    Scenario("a-failure", FAILING, CONFIG, END, unknowable=("during POST shop-dev/agentPools/system/upgrade",)),
)
