"""A budget exceeds a threshold."""

from datetime import UTC, datetime, timedelta

from simulator.world.scripted_faults import BudgetAlert
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import TO_SLACK, TWO_RINGS
from tests.crash.scenario import Scenario
from tests.staging import in_west_europe

START = datetime(2026, 11, 17, 10, 2, tzinfo=UTC)
CONFIG = (
    TWO_RINGS
    + """\
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}
cost:
  budgets: [{name: platform, offer: [stop-dev-clusters]}]
"""
    + TO_SLACK
)
CLUSTER = ClusterSpec(
    "shop-dev", "westeurope", (PoolSpec("system", 1, mode="System", releases_behind=0),), tags=(("env", "dev"),)
)
ALERT = BudgetAlert("platform", START + timedelta(minutes=5), "common", 80, 8123.5, 10000)
FLEET = in_west_europe("crash-budget", START, CLUSTER, scripted_faults=(ALERT,))

SCENARIOS = (Scenario("an-alert", FLEET, CONFIG, START + timedelta(hours=1), receives_events=True),)
