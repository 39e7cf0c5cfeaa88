"""Which changes go beyond an approved plan, and when approval is requested for them."""

from dataclasses import replace

from ops.model.approval import PartState
from ops.model.plan import Plan, Step
from ops.model.run import Run
from ops.policy.approval_status import Missing, additions, approval_status
from ops.settings.approval import ApprovalRule
from ops.settings.fields import People
from tests.approvals.helpers import ONE, DirectVote
from tests.approvals.story import Story
from tests.fakes import MONDAY, NEWER, settings

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


def test_a_changed_step_names_each_parameter_that_differs_and_its_approved_value() -> None:
    approved = replace(FIRST, params={"image": "x", "pool": "a"})
    now = replace(FIRST, params={"image": "y", "pool": "a", "from": "w"})
    assert additions(plan(approved), plan(now)) == ("one: image y, not x, from w, not none",)
    assert additions(plan(FIRST), plan(replace(FIRST, verb="w"))) == ("one: another way of doing it",)
    assert additions(plan(FIRST), plan(SECOND)) == ("two was not part of the request",)


def test_a_run_whose_part_was_withdrawn_has_no_request() -> None:
    story = Story(DirectVote(), ONE)
    (approval,) = story.approvals
    config = settings(story.world.config)
    run = Run(approval.parts[0].run, "node-image", "id", "shop-prod", "2026-w47", MONDAY, "timer", "daytwo", ring="x")
    rule = ApprovalRule(People(("platform",)))
    cancelled = replace(approval, parts=(replace(approval.parts[0], state=PartState.CANCELLED),))
    assert approval_status(cancelled, run, plan(FIRST), rule, config, MONDAY) == Missing()


def test_approval_for_an_image_released_after_the_decision_is_requested_before_the_window() -> None:
    story = Story(DirectVote(), ONE)
    story.vote("ana", "approve")
    story.newer_image(NEWER)
    story.advance(hours=9)  # 21:00, an hour before the window opens
    assert [str(each.state) for each in story.approvals] == ["approved", "pending"]
