"""What a webhook, which has no threads, is told."""

from datetime import timedelta

from ops.intake.ticks import every_five_minutes
from ops.model.signal import Signal
from ops.workflows.starting import start
from tests.approvals import test_ring
from tests.approvals.story import NOON, Driver, pass_time, production


def test_who_has_only_a_webhook_is_reminded_too():
    world = production("{from: platform, expires-after: 4h, remind-before: 1h}", "shop-a")
    world.chat.can_edit = world.chat.can_thread = False
    world.chat.name = "teams"
    (each,) = world.clusters.fleet.values()
    signal = Signal("node-image", each.id, each.name, "2026-w47", NOON, "timer", "daytwo")
    driver = Driver(world, start(world.context, signal)[0].id)
    driver.go_on()
    before = (world.chat.posts, world.chat.edits)
    pass_time(world, (driver,), timedelta(hours=3, minutes=30))
    every_five_minutes(world.context)
    assert test_ring.requests(world)[0].reminded
    assert (world.chat.posts, world.chat.edits) != before
