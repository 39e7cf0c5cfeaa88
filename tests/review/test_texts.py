"""What people read once it is over."""

from dataclasses import replace
from datetime import timedelta

from ops.intake.ticks import every_five_minutes
from tests.approvals import test_reboot, test_ring
from tests.approvals.story import Driver, Story, pass_time
from tests.approvals.test_deliveries import Bare
from tests.fakes import NEWER


def test_who_approved_hears_that_nothing_was_done():
    by = test_reboot.world()
    test_reboot.look(by)
    driver = Driver(by, test_reboot.only_run(by).id)
    driver.go_on()
    assert test_reboot.press(by, test_reboot.requests(by)[0]) == "approved"
    driver.wake()
    (only,) = by.clusters.fleet.values()
    by.clusters.put(replace(only, provisioning_state="Updating"))
    pass_time(by, (driver,), timedelta(hours=16, minutes=45))
    by.clusters.put(only)
    pass_time(by, (driver,), timedelta(hours=2))
    every_five_minutes(by.context)
    run = driver.run
    texts = str(by.chat.shown)
    print(run.state, run.why, "|", texts[:600])
    assert run.state.is_final
    assert "too little left" in texts


def test_the_first_line_of_a_request_that_was_voided_does_not_say_approved():
    story = Story(Bare(), "{from: platform}")
    story.press("ana", "approve")
    story.newer_image(NEWER)
    story.look()
    every_five_minutes(story.world.context)
    first = story.approvals[0]
    text = test_ring.shown(story.world)[first.id]
    print(text)
    assert "· shop-prod* · approved" not in text


def test_another_channel_leaves_no_button_in_the_old_one():
    story = Story(Bare(), "{from: platform}")
    story.world.chat.channel = "C0NEW"
    story.press("ana", "approve")
    every_five_minutes(story.world.context)
    print([(k, "token" if story.approval.token in str(v) else "-") for k, v in story.world.chat.shown.items()])
    assert story.approval.token not in str(story.world.chat.shown)
