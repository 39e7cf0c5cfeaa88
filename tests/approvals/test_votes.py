"""Which votes count: changed rules and groups, requesters, unknown people, and rejections that remain in force."""

from dataclasses import replace
from datetime import timedelta

from ops.approvals.requests import current_rule
from ops.approvals.votes import record_vote
from ops.model.approval import ApprovalState
from ops.model.image import ImageKey
from ops.model.people import Identity
from ops.model.proof import Proof
from ops.policy.people import person_of
from ops.policy.voting import may_decide
from ops.tables.fleet import proofs
from ops.tables.runs import Control, controls
from tests.approvals.helpers import ONE, TWO, WITHOUT_ANA, DirectVote, click, requests, shown, slack, vote
from tests.approvals.page_endpoint import Page
from tests.approvals.story import ENTRA, PEOPLE, TENANT, Story, config, production
from tests.driving import NOON, manual_request, pass_time, start
from tests.fakes import NEW, cluster, pool, settings

BEFORE = "    - {name: pre-production, select: {tags: {env: dev}}}\n"
TWO_GROUPS = "{from: [platform, leads], of: 2}"


def test_earlier_approvals_count_when_a_rule_now_requires_fewer_people() -> None:
    story = Story(DirectVote(), "{from: platform, of: 2}")
    story.vote("ana", "approve")
    story.configure("{from: platform, of: 1}")
    story.advance(hours=2)
    story.vote("ana", "approve")
    assert story.approval.state is ApprovalState.APPROVED


def test_every_attempt_is_recorded_with_its_plan_its_person_and_its_result() -> None:
    story = Story(DirectVote(), ONE)
    for person, choice in (("cleo", "approve"), ("ben", "reject")):
        story.vote(person, choice)
    refused, counted = (entry for entry in story.world.ledger.written.values() if entry.kind == "attempt")
    assert (refused.by, refused.subject, counted.by) == ("cleo", story.approval.id, "ben")
    assert {**refused.data, "event": ""} == {
        "event": "",
        "plans": story.approval.parts[0].plan.hash,
        "endpoint": "slack",
        "identity": "slack:T0DAYTWO/U0CLEO",
        "choice": "approve",
        "result": "not-approver",
        "reason": "",
        "delivered-again": "no",
    }
    assert (counted.data["choice"], counted.data["result"]) == ("reject", "rejected")
    assert "" != refused.data["event"] != counted.data["event"]


def test_a_former_approvers_approval_is_not_shown_as_counted() -> None:
    story = Story(DirectVote(), TWO_GROUPS)
    story.vote("ana", "approve")
    assert "1 of 2 approvals" in shown(story.world)[story.approval.id]
    story.configure(TWO_GROUPS, WITHOUT_ANA)
    story.advance(hours=1.1)
    assert "1 of 2 approvals" not in shown(story.world)[story.approval.id]


def test_a_requesters_vote_no_longer_counts_once_the_rule_excludes_it() -> None:
    story = Story(DirectVote(), "{from: platform, self: allow}", source="slack", by="ana")
    story.vote("ana", "approve")
    assert story.reported == ["approved"]
    story.configure("{from: platform, self: deny}")
    story.advance(hours=11)
    assert not story.driven.at_first_step


def test_a_requesters_approval_in_the_first_ring_does_not_count_in_the_last() -> None:
    world = production(ONE)
    world.settings = settings(config(ONE).replace("    - {name: production,", f"{BEFORE}    - {{name: production,"))
    each = cluster("shop", pool("user1"), env="dev")
    world.clusters.put(each)
    run = start(world, manual_request(world, source="slack"))
    run.to_first_step()
    assert [request.ring for request in requests(world)] == ["pre-production"]
    assert vote(world, driven=[run]) == "approved"
    world.clusters.put(replace(each, tags={"env": "prod"}))
    image = ImageKey(NEW, "1.34")
    proof = Proof("pre-production", image, nodes=3, awake_h=20, proven_at=NOON)
    proofs(world.store).insert(f"pre-production|{image}", proof)
    pass_time(world, (run,), timedelta(hours=11))
    assert not (run.record.ring == "production" and run.at_first_step)


def test_a_vote_that_does_not_count_does_not_wake_a_run() -> None:
    story = Story(DirectVote(), TWO)
    engine = story.world.engine
    record_vote(story.world.context, click(story.approval.token))
    assert engine.woken == [story.driven.id]
    engine.woken.clear()
    for number in range(5):
        found = record_vote(story.world.context, click(story.approval.token, "eve", event=f"event-{number}"))
        assert found.result == "unknown-person"
    assert engine.woken == []


def test_a_rejection_through_the_form_from_an_earlier_approval_is_reported_as_rejected() -> None:
    story = Story(Page(), TWO)
    story.vote("ana", "approve", event="form-1")
    story.vote("ana", "reject", event="form-1")
    assert story.reported == ["counted", "rejected"]


def test_an_approver_can_still_reject_after_an_approval() -> None:
    story = Story(DirectVote(), TWO)
    story.vote("ana", "approve")
    now, known = story.world.clock.at, story.world.settings
    person, rule = person_of(known, slack("ana")), current_rule(known, story.approval)
    assert may_decide(story.approval, rule, person, known, now) is None
    story.vote("ana", "reject")
    assert story.reported == ["counted", "rejected"]


def test_an_object_id_from_another_tenant_is_not_matched_to_a_person() -> None:
    known = settings(config(ONE, PEOPLE))
    other = "21111111-1111-1111-1111-111111111111"
    for endpoint in ("teams", "page"):
        assert person_of(known, Identity(endpoint, "entra", TENANT, ENTRA["ana"])) is not None
        assert person_of(known, Identity(endpoint, "entra", other, ENTRA["ana"])) is None
        assert person_of(known, Identity(endpoint, "entra", "", ENTRA["ana"])) is None


def test_a_rejection_during_a_pause_remains_in_force_after_its_rule_is_removed() -> None:
    story = Story(DirectVote(), ONE)
    controlled = controls(story.world.store)
    controlled.change(story.driven.id, lambda _: Control(paused_by="ben"))
    story.reassess()
    story.vote("ana", "reject")
    assert story.reported == ["rejected"]
    story.reassess()
    story.configure("[{from: platform, rings: [production], risk: [drain]}]")
    controlled.change(story.driven.id, lambda _: Control())
    story.reassess()
    story.advance(hours=11)
    assert not story.driven.at_first_step


def test_a_rejected_run_stays_halted_after_the_person_who_rejected_it_has_left_the_group() -> None:
    story = Story(DirectVote(), ONE)
    story.vote("ana", "reject")
    assert str(story.driven.record.state) == "halted"
    story.configure(ONE, WITHOUT_ANA)
    story.reassess()
    story.advance(hours=11)
    assert (str(story.driven.record.state), story.driven.at_first_step) == ("halted", False)


def test_the_requester_of_a_run_from_a_new_kind_of_source_does_not_count_as_proven() -> None:
    story = Story(DirectVote(), ONE, source="webhook", by="ana")
    assert (story.approval.requester, story.approval.requester_known) == ("", False)
