"""A budget passes its threshold."""

from datetime import UTC, datetime, timedelta

from simulator.world.mishaps import BudgetAlert
from simulator.world.specs import ClusterSpec, FleetSpec, PoolSpec, RegionSpec
from tests.crash.scenario import Scenario

START = datetime(2026, 11, 17, 10, 2, tzinfo=UTC)
CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
    - {name: production, select: {tags: {env: prod}}}
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}
cost:
  budgets: [{name: platform, offer: [sleep-dev]}]
chat:
  slack: {channel: C0123}
"""
CLUSTER = ClusterSpec(
    "shop-dev", "westeurope", (PoolSpec("system", 1, mode="System", releases_behind=0),), tags=(("env", "dev"),)
)
ALERT = BudgetAlert("platform", START + timedelta(minutes=5), "common", 80, 8123.5, 10000)
FLEET = FleetSpec("crash-budget", START, (RegionSpec("westeurope"),), (CLUSTER,), (ALERT,))

SCENARIOS = (Scenario("an-alert", FLEET, CONFIG, START + timedelta(hours=1), hears=True),)
