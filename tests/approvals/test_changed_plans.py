"""Which changes go beyond an approved plan, and when approval is requested for them."""

from dataclasses import replace

from ops.model.plan import Plan, Step
from ops.policy.approval_status import additions
from tests.approvals.helpers import ONE, DirectVote
from tests.approvals.story import Story
from tests.fakes import NEWER

FIRST, SECOND = Step("1", "v", "one", {"image": "x"}), Step("2", "v", "two", {"image": "x"})


def plan(*steps: Step, risk: str = "surge", target: str = "a", following: tuple[Step, ...] = ()) -> Plan:
    return Plan("node-image", target, steps, risk=risk, following=following)


def test_approving_a_plan_also_approves_each_part_of_it() -> None:
    assert additions(plan(FIRST, SECOND), plan(SECOND)) == ()
    assert additions(plan(FIRST, SECOND, risk="in-place"), plan(FIRST)) == ()
    assert additions(plan(FIRST, following=(SECOND,)), plan(SECOND)) == ()


def test_a_different_risk_target_or_step_goes_beyond_an_approved_plan() -> None:
    assert additions(plan(FIRST), plan(FIRST, risk="in-place")) == ("the risk is in-place, not surge",)
    assert additions(plan(FIRST), plan(FIRST, target="b")) == ("its target is different",)
    assert additions(plan(FIRST), plan(replace(FIRST, temporary=True))) != ()
    assert additions(plan(FIRST), plan(replace(FIRST, params={"image": "y"}))) != ()
    assert additions(plan(FIRST), plan(replace(FIRST, verb="w"))) != ()


def test_approval_for_an_image_released_after_the_decision_is_requested_before_the_window() -> None:
    story = Story(DirectVote(), ONE)
    story.vote("ana", "approve")
    story.newer_image(NEWER)
    story.advance(hours=9)  # 21:00, an hour before the window opens
    assert [str(each.state) for each in story.approvals] == ["approved", "pending"]
