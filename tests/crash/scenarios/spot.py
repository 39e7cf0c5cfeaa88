"""A burst of evictions: notices from the nodes, annotations from Azure afterwards."""

from datetime import UTC, datetime, timedelta

from simulator.world.mishaps import SpotEviction
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec
from simulator.world.workloads import WorkloadSpec
from tests.crash.scenario import Scenario

START = datetime(2026, 11, 17, 10, 2, tzinfo=UTC)
CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
spot: {group-for: 10m}
chat:
  slack: {channel: C0123}
"""
CLUSTER = ClusterSpec(
    "shop-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", releases_behind=0), PoolSpec("spot", 4, priority="Spot", releases_behind=0)),
    tags=(("env", "dev"),),
    workloads=(WorkloadSpec("shop", "job", 4, tolerates_spot=True, pool="spot", spread=True),),
)
BURST = SpotEviction("shop-dev", "spot", START + timedelta(minutes=5), 2, notice_s=25)
FLEET = FleetSpec("crash-spot", START, (RegionSpec("westeurope"),), (CLUSTER,), (BURST,))

# How many pods a wave still meets depends on the second in which a life begins: states and counts are compared, not evidence.
SCENARIOS = (Scenario("a-burst", FLEET, CONFIG, START + timedelta(hours=2), unknowable=("",), every=4, hears=True),)
