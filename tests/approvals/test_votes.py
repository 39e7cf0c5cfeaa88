"""Whose word counts, and whose counts no more: rules and groups that change, requesters, strangers, a no that stays a no."""

from dataclasses import replace
from datetime import timedelta

from ops.approvals.requests import current_rule
from ops.approvals.votes import record_vote
from ops.engine.run_starter import start_run
from ops.model.approval import ApprovalState
from ops.model.image import ImageKey
from ops.model.people import Identity
from ops.model.proof import Proof
from ops.model.run_request import RunRequest
from ops.policy.people import person_of
from ops.policy.voting import may_decide
from ops.tables.fleet import proofs
from ops.tables.runs import Control, controls
from tests.approvals.helpers import ONE, TWO, WITHOUT_ANA, Bare, click, press, requests, shown, slack
from tests.approvals.page_endpoint import Page
from tests.approvals.story import ENTRA, NOON, PEOPLE, TENANT, Driver, Story, config, pass_time, production
from tests.fakes import NEW, cluster, pool, settings

BEFORE = "    - {name: pre-production, select: {tags: {env: dev}}}\n"
TWO_GROUPS = "{from: [platform, leads], of: 2}"


def test_a_rule_that_needs_fewer_people_now_is_met_by_those_who_approved() -> None:
    story = Story(Bare(), "{from: platform, of: 2}")
    story.press("ana", "approve")
    story.configure("{from: platform, of: 1}")
    story.pass_(hours=2)
    story.press("ana", "approve")
    assert story.approval.state is ApprovalState.APPROVED


def test_who_is_no_approver_any_more_is_not_shown_as_counted() -> None:
    story = Story(Bare(), TWO_GROUPS)
    story.press("ana", "approve")
    assert "1 of 2 approvals" in shown(story.world)[story.approval.id]
    story.configure(TWO_GROUPS, WITHOUT_ANA)
    story.pass_(hours=1.1)
    assert "1 of 2 approvals" not in shown(story.world)[story.approval.id]


def test_a_requesters_vote_counts_no_more_once_the_rule_denies_it() -> None:
    story = Story(Bare(), "{from: platform, self: allow}", source="slack", by="ana")
    story.press("ana", "approve")
    assert story.told == ["approved"]
    story.configure("{from: platform, self: deny}")
    story.pass_(hours=11)
    assert not story.driver.begins


def test_what_its_requester_approved_in_the_first_ring_is_not_done_in_the_last() -> None:
    world = production(ONE)
    world.settings = settings(config(ONE).replace("    - {name: production,", f"{BEFORE}    - {{name: production,"))
    each = cluster("shop", pool("user1"), env="dev")
    world.clusters.put(each)
    signal = RunRequest("node-image", each.id, each.name, "m-1", NOON, "slack", "ana")
    driver = Driver(world, start_run(world.context, signal)[0].id)
    driver.go_on()
    assert [request.ring for request in requests(world)] == ["pre-production"]
    assert press(world, drivers=[driver]) == "approved"
    world.clusters.put(replace(each, tags={"env": "prod"}))
    image = ImageKey(NEW, "1.34")
    proof = Proof("pre-production", image, nodes=3, awake_h=20, proven_at=NOON)
    proofs(world.store).insert(f"pre-production|{image}", proof)
    pass_time(world, (driver,), timedelta(hours=11))
    assert not (driver.run.ring == "production" and driver.begins)


def test_who_is_no_approver_wakes_no_run() -> None:
    story = Story(Bare(), TWO)
    engine = story.world.engine
    record_vote(story.world.context, click(story.approval.token))
    assert engine.hinted == [story.driver.run_id]
    engine.hinted.clear()
    for number in range(5):
        found = record_vote(story.world.context, click(story.approval.token, "eve", event=f"event-{number}"))
        assert found.result == "unknown-person"
    assert engine.hinted == []


def test_a_rejection_by_the_form_that_approved_before_is_not_told_as_an_approval() -> None:
    story = Story(Page(), TWO)
    story.press("ana", "approve", event="form-1")
    story.press("ana", "reject", event="form-1")
    assert story.told == ["counted", "rejected"]


def test_who_has_approved_may_still_reject() -> None:
    story = Story(Bare(), TWO)
    story.press("ana", "approve")
    now, known = story.world.clock.at, story.world.settings
    person, rule = person_of(known, slack("ana")), current_rule(known, story.approval)
    assert may_decide(story.approval, rule, person, known, now) is None
    story.press("ana", "reject")
    assert story.told == ["counted", "rejected"]


def test_an_object_id_of_another_tenant_is_nobody() -> None:
    known = settings(config(ONE, PEOPLE))
    other = "21111111-1111-1111-1111-111111111111"
    for door in ("teams", "page"):
        assert person_of(known, Identity(door, "entra", TENANT, ENTRA["ana"])) is not None
        assert person_of(known, Identity(door, "entra", other, ENTRA["ana"])) is None
        assert person_of(known, Identity(door, "entra", "", ENTRA["ana"])) is None


def test_what_was_rejected_while_the_run_was_paused_is_not_done_once_no_rule_matches() -> None:
    story = Story(Bare(), ONE)
    controlled = controls(story.world.store)
    controlled.change(story.driver.run_id, lambda _: Control(paused_by="ben"))
    story.look()
    story.press("ana", "reject")
    assert story.told == ["rejected"]
    story.look()
    story.configure("[{from: platform, rings: [production], risk: [drain]}]")
    controlled.change(story.driver.run_id, lambda _: Control())
    story.look()
    story.pass_(hours=11)
    assert not story.driver.begins


def test_what_was_rejected_stays_halted_though_its_rejector_is_no_approver_any_more() -> None:
    story = Story(Bare(), ONE)
    story.press("ana", "reject")
    assert str(story.driver.run.state) == "halted"
    story.configure(ONE, WITHOUT_ANA)
    story.look()
    story.pass_(hours=11)
    assert (str(story.driver.run.state), story.driver.begins) == ("halted", False)
