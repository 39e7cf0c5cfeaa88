"""A production cluster gets the tag of pre-production: its move is approved, or it is rejected and the cluster stays."""

from datetime import UTC, datetime

from simulator.world.scripted_faults import TagsChange
from simulator.world.specs import ClusterSpec, PoolSpec
from tests.configurations import TO_SLACK, TWO_RINGS, nights
from tests.crash.scenario import ButtonClick, Scenario
from tests.staging import in_west_europe

START = datetime(2026, 11, 17, 11, 50, tzinfo=UTC)
# A vote whose process was killed before it woke the run takes effect within an hour.
END = datetime(2026, 11, 17, 14, 30, tzinfo=UTC)
CONFIG = (
    TWO_RINGS
    + nights()
    + """\
node-image: {window: nights, approval: {rings: [production], from: platform}}
identity: {slack-team: T0DAYTWO}
people: {ana: {slack: U0ANA}, ben: {slack: U0BEN}}
groups: {platform: [ana, ben]}
"""
    + TO_SLACK
)
CLUSTER = ClusterSpec("shop", "westeurope", (PoolSpec("system", 1, mode="System"),), tags=(("env", "prod"),))
# Seen at 12:00 with the old tag and at 12:15 with the new one, so people are asked from 12:30 on.
RETAGGED = TagsChange("shop", datetime(2026, 11, 17, 12, 5, tzinfo=UTC), "env=dev")
FLEET = in_west_europe("crash-tags", START, CLUSTER, scripted_faults=(RETAGGED,))
ASKED = datetime(2026, 11, 17, 12, 40, tzinfo=UTC)

SCENARIOS = (
    Scenario("approved", FLEET, CONFIG, END, clicks=(ButtonClick("U0ANA", "approve", ASKED),), every=4),
    Scenario("rejected", FLEET, CONFIG, END, clicks=(ButtonClick("U0BEN", "reject", ASKED),), every=8),
)
