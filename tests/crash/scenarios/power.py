"""A day of sleep: a cluster is started in the morning and stopped in the evening."""

from datetime import UTC, datetime

from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec
from tests.crash.scenario import Scenario

START = datetime(2026, 11, 17, 6, 50, tzinfo=UTC)
CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
    - {name: production, select: {tags: {env: prod}}}
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 07:00-08:30", zone: UTC}
chat:
  slack: {channel: C0123}
"""
SLEEPER = ClusterSpec(
    "shop-dev", "westeurope", (PoolSpec("system", 1, mode="System"),), tags=(("env", "dev"),), stopped=True
)
FLEET = FleetSpec("crash-power", START, (RegionSpec("westeurope"),), (SLEEPER,))

SCENARIOS = (Scenario("a-day", FLEET, CONFIG, datetime(2026, 11, 17, 9, tzinfo=UTC), every=3),)
