"""A night with a node that requires a reboot, and a night on which the restart fails and the node is uncordoned."""

from datetime import UTC, datetime, timedelta

from simulator.world.scripted_faults import RebootRequired, RestartFails
from simulator.world.specs import ClusterSpec, PoolSpec
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.configurations import ONE_RING, TO_SLACK, nights
from tests.crash.scenario import Scenario
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 50, tzinfo=UTC)
END = datetime(2026, 11, 17, 0, tzinfo=UTC)
CONFIG = (
    ONE_RING
    + nights()
    + """\
reboot: {window: nights, drain-timeout: 20m}
"""
    + TO_SLACK
)
CLUSTER = ClusterSpec(
    "shop-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", releases_behind=0), PoolSpec("user1", 2, releases_behind=0)),
    tags=(("env", "dev"),),
    workloads=(WorkloadSpec("shop", "web", 3, PdbSpec(min_available=2), pool="user1"),),
)
REQUIRES_REBOOT = RebootRequired("shop-dev", "user1", START + timedelta(minutes=2), 1)
FLEET = in_west_europe("crash-reboot", START, CLUSTER, scripted_faults=(REQUIRES_REBOOT,))
FAILING = in_west_europe(
    "crash-reboot-failing", START, CLUSTER, scripted_faults=(REQUIRES_REBOOT, RestartFails("shop-dev", "user1"))
)

SCENARIOS = (
    Scenario("a-night", FLEET, CONFIG, END, every=4),
    Scenario("a-failure", FAILING, CONFIG, END, every=6),
)
