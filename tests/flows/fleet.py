"""Small worlds whose window opens five minutes after the start, 50 minutes before the hourly timer starts the week's rollout."""

from datetime import UTC, datetime, timedelta

from simulator.world.scripted_faults import ScriptedFault
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec
from tests.configurations import ONE_RING, TO_SLACK, nights
from tests.staging import in_west_europe

START = datetime(2026, 11, 16, 21, 5, tzinfo=UTC)
OPENS = datetime(2026, 11, 16, 21, 10, tzinfo=UTC)
CONFIG = (
    ONE_RING
    + nights(opens="21:10")
    + """\
node-image: {window: nights, start-stopped-clusters: true}
"""
    + TO_SLACK
)
TWO_POOLS = ClusterSpec(
    "shop-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", max_surge="1"), PoolSpec("user1", 1)),
    resource_group="rg-shop",
    tags=(("env", "dev"),),
)


def fleet(*clusters: ClusterSpec, scripted_faults: tuple[ScriptedFault, ...] = ()) -> FleetSpec:
    """A fleet in West Europe that consists of these clusters."""
    return in_west_europe("flows", START, *(clusters or (TWO_POOLS,)), scripted_faults=scripted_faults)


def after(**delta: float) -> datetime:
    """The time when this much time has passed since the window opened."""
    return OPENS + timedelta(**delta)
