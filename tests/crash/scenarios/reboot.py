"""A night with a node that asks for a reboot; and one in which the restart fails, so that the node is given back."""

from datetime import UTC, datetime, timedelta

from simulator.world.mishaps import RebootRequired, RestartFails
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec
from simulator.world.workloads import PdbSpec, WorkloadSpec
from tests.crash.scenario import Scenario

START = datetime(2026, 11, 16, 21, 50, tzinfo=UTC)
END = datetime(2026, 11, 17, 0, tzinfo=UTC)
CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}
reboot: {window: nights, drain-timeout: 20m}
chat:
  slack: {channel: C0123}
"""
CLUSTER = ClusterSpec(
    "shop-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", releases_behind=0), PoolSpec("user1", 2, releases_behind=0)),
    tags=(("env", "dev"),),
    workloads=(WorkloadSpec("shop", "web", 3, PdbSpec(min_available=2), pool="user1"),),
)
ASKS = RebootRequired("shop-dev", "user1", START + timedelta(minutes=2), 1)
FLEET = FleetSpec("crash-reboot", START, (RegionSpec("westeurope"),), (CLUSTER,), (ASKS,))
FAILING = FleetSpec(
    "crash-reboot-failing", START, (RegionSpec("westeurope"),), (CLUSTER,), (ASKS, RestartFails("shop-dev", "user1"))
)

SCENARIOS = (
    Scenario("a-night", FLEET, CONFIG, END, every=4),
    Scenario("a-failure", FAILING, CONFIG, END, every=6),
)
