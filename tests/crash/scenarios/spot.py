"""A group of evictions: first come the notices from the nodes, then the annotations from Azure."""

from datetime import UTC, datetime, timedelta

from simulator.world.scripted_faults import SpotEviction
from simulator.world.specs import ClusterSpec, PoolSpec
from simulator.world.workloads import WorkloadSpec
from tests.configurations import ONE_RING, TO_SLACK
from tests.crash.scenario import Scenario
from tests.staging import in_west_europe

START = datetime(2026, 11, 17, 10, 2, tzinfo=UTC)
CONFIG = (
    ONE_RING
    + """\
spot: {group-within: 10m}
"""
    + TO_SLACK
)
CLUSTER = ClusterSpec(
    "shop-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", releases_behind=0), PoolSpec("spot", 4, priority="Spot", releases_behind=0)),
    tags=(("env", "dev"),),
    workloads=(WorkloadSpec("shop", "job", 4, tolerates_spot=True, pool="spot", spread=True),),
)
EVICTIONS = SpotEviction("shop-dev", "spot", START + timedelta(minutes=5), 2, notice_s=25)
FLEET = in_west_europe("crash-spot", START, CLUSTER, scripted_faults=(EVICTIONS,))

# How many pods are found depends on the second at which a process starts, so states and counts are compared but not evidence.
SCENARIOS = (
    Scenario("a-burst", FLEET, CONFIG, START + timedelta(hours=2), unknowable=("",), every=4, receives_events=True),
)
