"""A no stays a no."""

from ops.intake.deciding import Click, decide
from ops.model.approval import Choice
from ops.model.people import Identity
from ops.records import Control, controls
from tests.approvals.story import SLACK, TEAM, Story
from tests.approvals.test_deliveries import Bare


def test_what_was_rejected_while_the_run_was_paused_is_not_done_once_no_rule_matches():
    story = Story(Bare(), "{from: platform}")
    world = story.world
    controls(world.store).change(story.driver.run_id, lambda _: Control(paused_by="ben"))
    story.look()
    click = Click(story.approval.token, Choice.REJECT, Identity("slack", TEAM, SLACK["ana"]), "e")
    assert decide(world.context, click).result == "rejected"
    story.look()
    story.configure("[{from: platform, rings: [production], risk: [drain]}]")
    controls(world.store).change(story.driver.run_id, lambda _: Control())
    story.look()
    story.pass_(hours=11)
    print(story.driver.begins, story.driver.run.state, story.approval.state)
    assert not story.driver.begins


def test_a_person_who_may_no_longer_approve_is_not_who_has_rejected():
    """A rejection of somebody who is removed afterwards: the run has ended all the same."""
    story = Story(Bare(), "{from: platform}")
    story.press("ana", "reject")
    assert str(story.driver.run.state) == "halted"
