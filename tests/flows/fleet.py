"""Small worlds that open their window five minutes after they begin, and 50 minutes before the hourly timer starts the week's rollout."""

from datetime import UTC, datetime, timedelta

from simulator.world.mishaps import Mishap
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec

START = datetime(2026, 11, 16, 21, 5, tzinfo=UTC)
OPENS = datetime(2026, 11, 16, 21, 10, tzinfo=UTC)
CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
windows:
  nights: {days: mon-thu, from: "21:10", to: "05:00", zone: UTC}
node-image: {window: nights, wake-sleepers: true}
chat:
  slack: {channel: C0123}
"""
TWO_POOLS = ClusterSpec(
    "shop-dev",
    "westeurope",
    (PoolSpec("system", 1, mode="System", max_surge="1"), PoolSpec("user1", 1)),
    resource_group="rg-shop",
    tags=(("env", "dev"),),
)


def fleet(*clusters: ClusterSpec, mishaps: tuple[Mishap, ...] = ()) -> FleetSpec:
    """These clusters in West Europe."""
    return FleetSpec("flows", START, (RegionSpec("westeurope"),), clusters or (TWO_POOLS,), mishaps)


def after(**delta: float) -> datetime:
    """So long after the window has opened."""
    return OPENS + timedelta(**delta)
