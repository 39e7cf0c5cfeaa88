"""A day of scheduled power: a cluster is started in the morning and stopped in the evening."""

from datetime import UTC, datetime

from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import TO_SLACK, TWO_RINGS
from tests.crash.scenario import Scenario
from tests.staging import in_west_europe

START = datetime(2026, 11, 17, 6, 50, tzinfo=UTC)
CONFIG = (
    TWO_RINGS
    + """\
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 07:00-08:30", zone: UTC}
"""
    + TO_SLACK
)
STOPPED_CLUSTER = ClusterSpec(
    "shop-dev", "westeurope", (PoolSpec("system", 1, mode="System"),), tags=(("env", "dev"),), stopped=True
)
FLEET = in_west_europe("crash-power", START, STOPPED_CLUSTER)

SCENARIOS = (Scenario("a-day", FLEET, CONFIG, datetime(2026, 11, 17, 9, tzinfo=UTC), every=3),)
