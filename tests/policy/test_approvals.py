"""Who approves, when people are asked, how a request changes over time, and which votes count (docs/approvals.md)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.config import ConfigError
from ops.model.approval import Answered, Approval, ApprovalState, Choice, Part, Vote
from ops.model.people import Person
from ops.model.plan import Plan, Step
from ops.model.run import Run
from ops.policy.approval_status import (
    ApprovalStatus,
    Denied,
    Granted,
    Missing,
    NotRequired,
    Pending,
    approval_status,
    decided_text,
)
from ops.policy.approval_times import advanced, asks_at, expired_if_due, next_event, next_look
from ops.policy.approvers import (
    approved,
    approvers,
    can_be_granted,
    deciders,
    denies_self,
    needed,
    rule_for,
    valid_votes,
)
from ops.policy.voting import VoteAttempt, VoteResult, apply_vote, may_decide
from ops.settings import Settings
from ops.settings.approval import ApprovalRule
from tests.configurations import TWO_RINGS, nights
from tests.fakes import settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "approvals.md"
NOW = datetime(2026, 11, 16, 12, 20, 30, 5, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
PEOPLE = """
identity: {entra-tenant: 11111111-1111-1111-1111-111111111111}
people:
  ana: {entra: aaaaaaaa-0000-0000-0000-000000000001}
  ben: {entra: aaaaaaaa-0000-0000-0000-000000000002}
  cleo: {entra: aaaaaaaa-0000-0000-0000-000000000003}
groups: {platform: [ana, ben], leads: [cleo], both: [ana, cleo]}
"""


def config(*rules: str) -> Settings:
    """Two rings, an office window, and these approval rules for node images."""
    office = '  office: {days: mon-fri, from: "09:00", to: "17:00", zone: UTC}\n'
    text = f"{TWO_RINGS}{nights()}{office}node-image: {{window: nights, approval: [{', '.join(rules)}]}}\n{PEOPLE}"
    return settings(text)


def rule(text: str = "{from: platform}") -> ApprovalRule:
    (only,) = config(text).approval_rules("node-image")
    return only


RULE, TWO_OF = rule(), rule("{from: platform, of: 2}")
SETTINGS = config("{from: platform}")
PENDING = Approval(
    id="a1",
    runbook="node-image",
    ring="pre-production",
    parts=(),
    created=NOW,
    asks_at=NOW + HOUR,
    expires=NOW + 24 * HOUR,
    remind_at=NOW + 23 * HOUR,
    token="t1",
    escalate_at=NOW + 12 * HOUR,
)


def voted(*people: str, of: Approval = PENDING) -> Approval:
    return replace(of, votes=tuple(Vote(each, f"{each}'s chat", NOW, f"event of {each}") for each in people))


class TestRules:
    """Which rule applies, and whom it names."""

    def test_the_first_rule_for_the_ring_and_the_risk_applies(self) -> None:
        found = config("{from: ana, rings: [production]}", "{from: ben, risk: [drain]}", "{from: cleo}")
        assert rule_for(found, "node-image", "production", "surge") == rule("{from: ana, rings: [production]}")
        assert rule_for(found, "node-image", "pre-production", "drain") == rule("{from: ben, risk: [drain]}")
        assert rule_for(found, "node-image", "pre-production", "surge") == rule("{from: cleo}")
        assert rule_for(found, "node-image", "", "surge") == rule("{from: cleo}")
        assert rule_for(found, "reboot", "production", "surge") is None

    def test_no_rule_applies_outside_the_rings_and_risks_of_all_rules(self) -> None:
        found = config("{from: ana, rings: [production], risk: [drain]}")
        assert rule_for(found, "node-image", "production", "surge") is None
        assert rule_for(found, "node-image", "pre-production", "drain") is None

    @pytest.mark.parametrize(("one", "two"), [("node-image", "reboot"), ("reboot", "node-image")])
    def test_changes_of_tags_have_the_rule_of_another_runbook_that_needs_the_most_people(
        self, one: str, two: str
    ) -> None:
        """Each of these rules applies, whatever its risk is: a change of tags has none."""
        rules = settings(
            f"{TWO_RINGS}{nights()}{one}: {{window: nights, approval: {{from: platform}}}}\n"
            f"{two}: {{window: nights, approval: {{from: both, of: 2, rings: [production], risk: [drain]}}}}\n"
            f"tags: {{}}\n{PEOPLE}"
        )
        of_two, of_one = (rule_for(rules, "tags", ring, "tags") for ring in ("production", "pre-production"))
        assert of_two is not None
        assert of_one is not None
        assert ((*of_two.approvers,), of_two.of) == (("ana", "cleo"), 2)
        assert ((*of_one.approvers,), of_one.of) == (("ana", "ben"), 1)

    @pytest.mark.parametrize(
        "section",
        [
            "spot: {group-within: 10m, MORE}",
            "power: [{select: {tags: {env: dev}}, zone: UTC, MORE}]",
            "cost: {budgets: [{name: platform}], MORE}",
        ],
        ids=["spot", "power", "cost"],
    )
    def test_a_runbook_that_waits_for_no_window_has_no_approval(self, section: str) -> None:
        settings(f"{TWO_RINGS}{nights()}{section.replace(', MORE', '')}\n{PEOPLE}")
        with pytest.raises(ConfigError, match="approval"):
            settings(f"{TWO_RINGS}{nights()}{section.replace('MORE', 'approval: {from: platform}')}\n{PEOPLE}")

    @pytest.mark.parametrize(
        ("text", "ring", "expected"),
        [
            ("{from: platform}", "pre-production", False),
            ("{from: platform}", "production", True),
            ("{from: platform}", "", True),
            ("{from: platform, self: deny}", "pre-production", True),
            ("{from: platform, self: allow}", "production", False),
        ],
    )
    def test_requesters_do_not_approve_in_the_last_ring_unless_the_rule_says_so(
        self, text: str, ring: str, *, expected: bool
    ) -> None:
        assert denies_self(rule(text), ring, SETTINGS) is expected

    def test_two_must_approve_if_the_requester_is_unknown_and_may_not_approve(self) -> None:
        unknown = replace(PENDING, ring="production", requester_known=False)
        assert needed(unknown, RULE, SETTINGS) == 2
        assert needed(unknown, rule("{from: [platform, leads], of: 3}"), SETTINGS) == 3
        assert needed(replace(unknown, ring="pre-production"), RULE, SETTINGS) == 1
        assert needed(replace(unknown, requester_known=True), RULE, SETTINGS) == 1

    def test_the_additional_approvers_count_once_the_request_is_escalated(self) -> None:
        escalating = rule("{from: platform, escalate-to: both}")
        assert approvers(PENDING, escalating) == ("ana", "ben")
        escalated = replace(PENDING, escalated=True)
        assert approvers(escalated, escalating) == ("ana", "ben", "ana", "cleo")
        assert deciders(escalated, escalating, SETTINGS) == ("ana", "ben", "cleo")

    def test_the_requester_is_not_among_the_deciders_of_the_last_ring(self) -> None:
        asked = replace(PENDING, requester="ana")
        assert deciders(asked, RULE, SETTINGS) == ("ana", "ben")
        assert deciders(replace(asked, ring="production"), RULE, SETTINGS) == ("ben",)

    def test_only_the_votes_of_deciders_count(self) -> None:
        asked = replace(voted("ana", "cleo", "ben"), requester="ana")
        assert valid_votes(asked, RULE, SETTINGS) == ("ana", "ben")
        assert valid_votes(replace(asked, ring="production"), RULE, SETTINGS) == ("ben",)

    def test_a_request_of_an_unknown_requester_needs_two_votes_to_be_granted_and_approved(self) -> None:
        unknown = replace(voted("ana"), ring="production", requester_known=False, asked=True)
        assert can_be_granted(unknown, RULE, SETTINGS)
        assert not can_be_granted(unknown, rule("{from: ana}"), SETTINGS)
        assert advanced(unknown, RULE, SETTINGS, NOW + HOUR).state is ApprovalState.PENDING
        both = voted("ana", "ben", of=unknown)
        assert advanced(both, RULE, SETTINGS, NOW + HOUR).state is ApprovalState.APPROVED

    def test_a_request_can_be_granted_if_enough_people_are_left_even_after_its_escalation(self) -> None:
        production = replace(PENDING, ring="production", requester="ana")
        assert can_be_granted(production, RULE, SETTINGS)
        assert not can_be_granted(production, TWO_OF, SETTINGS)
        assert can_be_granted(replace(production, ring="pre-production"), TWO_OF, SETTINGS)
        assert can_be_granted(production, rule("{from: platform, escalate-to: leads, of: 2}"), SETTINGS)

    def test_an_approved_request_names_who_approved_and_the_endpoint_of_the_last_vote(self) -> None:
        assert approved(voted("ana", "cleo", "ben"), RULE, SETTINGS, NOW) == replace(
            voted("ana", "cleo", "ben"),
            state=ApprovalState.APPROVED,
            decided_by="ana, ben",
            decided_via="ben's chat",
            decided_at=NOW,
        )


class TestTimes:
    """When people are asked, and what the passage of time does."""

    OFFICE = rule("{from: platform, hours: office}")

    def test_people_are_asked_after_the_gathering_time_within_the_hours(self) -> None:
        assert asks_at(RULE, NOW, 2 * HOUR) == NOW + 2 * HOUR
        assert asks_at(self.OFFICE, NOW, 2 * HOUR) == NOW + 2 * HOUR
        assert asks_at(self.OFFICE, NOW, 5 * HOUR) == datetime(2026, 11, 17, 9, tzinfo=UTC)

    def test_a_run_checks_again_a_minute_after_the_next_full_hour_within_the_hours(self) -> None:
        assert next_look([RULE], NOW) == datetime(2026, 11, 16, 13, 1, tzinfo=UTC)
        assert next_look([self.OFFICE], NOW) == datetime(2026, 11, 16, 13, 1, tzinfo=UTC)
        evening = datetime(2026, 11, 16, 16, 30, tzinfo=UTC)
        assert next_look([self.OFFICE], evening) == datetime(2026, 11, 17, 9, tzinfo=UTC)
        assert next_look([self.OFFICE, RULE], evening) == datetime(2026, 11, 16, 17, 1, tzinfo=UTC)

    def test_a_request_expires_at_its_time_and_not_before(self) -> None:
        assert expired_if_due(PENDING, PENDING.expires - timedelta(microseconds=1)) == PENDING
        expired = replace(
            PENDING, state=ApprovalState.EXPIRED, decided_at=PENDING.expires, why="no one decided in time"
        )
        assert expired_if_due(PENDING, PENDING.expires) == expired
        decided = replace(PENDING, state=ApprovalState.APPROVED)
        assert expired_if_due(decided, PENDING.expires) == decided

    def test_nothing_changes_before_people_are_asked(self) -> None:
        due = replace(voted("ana"), remind_at=NOW, escalate_at=NOW)
        assert advanced(due, RULE, SETTINGS, NOW + HOUR - timedelta(microseconds=1)) == due

    def test_people_are_asked_reminded_and_escalated_to_at_their_times(self) -> None:
        escalating = rule("{from: platform, escalate-to: leads}")
        asked = replace(PENDING, asked=True)
        assert advanced(PENDING, escalating, SETTINGS, NOW + HOUR) == asked
        moment = timedelta(microseconds=1)
        assert advanced(asked, escalating, SETTINGS, NOW + 12 * HOUR - moment) == asked
        escalated = replace(asked, escalated=True, escalated_to=("cleo",))
        assert advanced(asked, escalating, SETTINGS, NOW + 12 * HOUR) == escalated
        assert advanced(escalated, escalating, SETTINGS, NOW + 23 * HOUR - moment) == escalated
        assert advanced(escalated, escalating, SETTINGS, NOW + 23 * HOUR) == replace(escalated, reminded=True)

    def test_those_who_were_asked_at_the_escalation_stay_when_the_rule_changes(self) -> None:
        escalated = replace(PENDING, asked=True, escalated=True, escalated_to=("ben",))
        escalating = rule("{from: platform, escalate-to: leads}")
        assert advanced(escalated, escalating, SETTINGS, NOW + 13 * HOUR).escalated_to == ("ben",)

    def test_a_request_is_not_escalated_without_a_time_or_people_for_it(self) -> None:
        asked = replace(PENDING, asked=True)
        assert advanced(asked, RULE, SETTINGS, NOW + 13 * HOUR) == asked
        timeless = replace(asked, escalate_at=None)
        assert advanced(timeless, rule("{from: platform, escalate-to: leads}"), SETTINGS, NOW + 13 * HOUR) == timeless

    def test_a_request_with_enough_votes_under_the_current_rule_is_approved(self) -> None:
        one = voted("ana")
        assert advanced(one, TWO_OF, SETTINGS, NOW + HOUR).state is ApprovalState.PENDING
        assert advanced(one, RULE, SETTINGS, NOW + HOUR) == approved(one, RULE, SETTINGS, NOW + HOUR)
        assert advanced(voted("cleo"), RULE, SETTINGS, NOW + HOUR).state is ApprovalState.PENDING

    def test_a_decided_request_does_not_change(self) -> None:
        rejected = replace(voted("ana"), state=ApprovalState.REJECTED)
        assert advanced(rejected, RULE, SETTINGS, NOW + 23 * HOUR) == rejected

    def test_the_next_event_is_the_next_time_that_changes_the_request(self) -> None:
        assert next_event(PENDING, NOW) == NOW + HOUR
        assert next_event(PENDING, NOW + HOUR) == NOW + 12 * HOUR
        assert next_event(replace(PENDING, escalate_at=None), NOW + HOUR) == NOW + 23 * HOUR
        assert next_event(PENDING, NOW + 12 * HOUR) == NOW + 23 * HOUR
        assert next_event(PENDING, NOW + 23 * HOUR) == NOW + 24 * HOUR
        assert next_event(PENDING, NOW + 30 * HOUR) == NOW + 24 * HOUR


def attempt(person: str = "ana", choice: Choice = Choice.APPROVE, shown: str = "t1", event: str = "e9") -> VoteAttempt:
    found = Person(person) if person else None
    return VoteAttempt(shown, choice, found, "slack", event, NOW + 2 * HOUR, "a reason")


class TestVotes:
    """What a vote does, and why it may not count."""

    ASKED = replace(PENDING, asked=True)

    def test_the_last_vote_that_is_needed_approves_with_its_reason(self) -> None:
        after, result = apply_vote(self.ASKED, RULE, attempt(), SETTINGS)
        text = "Approved. Daytwo re-checks the plan immediately before executing it."
        assert result == VoteResult("approved", text)
        assert after == replace(
            self.ASKED,
            votes=(Vote("ana", "slack", NOW + 2 * HOUR, "e9"),),
            state=ApprovalState.APPROVED,
            decided_by="ana",
            decided_via="slack",
            decided_at=NOW + 2 * HOUR,
            why="a reason",
            answers=(Answered("e9", "approved", text),),
        )

    def test_a_vote_before_the_last_one_counts(self) -> None:
        after, result = apply_vote(self.ASKED, TWO_OF, attempt(), SETTINGS)
        text = "Your approval counts: 1 of 2 needed."
        assert result == VoteResult("counted", text)
        assert after == replace(
            self.ASKED,
            votes=(Vote("ana", "slack", NOW + 2 * HOUR, "e9"),),
            answers=(Answered("e9", "counted", text),),
        )

    def test_one_rejection_decides_with_its_reason(self) -> None:
        after, result = apply_vote(self.ASKED, TWO_OF, attempt(choice=Choice.REJECT), SETTINGS)
        text = "Rejected. No step of the plan will be executed."
        assert result == VoteResult("rejected", text)
        assert after == replace(
            self.ASKED,
            state=ApprovalState.REJECTED,
            decided_by="ana",
            decided_via="slack",
            decided_at=NOW + 2 * HOUR,
            why="a reason",
            answers=(Answered("e9", "rejected", text),),
        )

    def test_an_event_that_is_delivered_again_gets_the_same_reply(self) -> None:
        first, result = apply_vote(self.ASKED, TWO_OF, attempt(), SETTINGS)
        assert apply_vote(first, TWO_OF, attempt(), SETTINGS) == (first, result)
        second, _ = apply_vote(first, TWO_OF, attempt("ben", event="e10"), SETTINGS)
        assert second.answers == (*first.answers, Answered("e10", "approved", second.answers[-1].text))
        assert apply_vote(second, TWO_OF, attempt("ben", event="e10"), SETTINGS) == (
            second,
            VoteResult("approved", second.answers[-1].text),
        )

    @pytest.mark.parametrize(
        ("approval", "by", "expected"),
        [
            (
                replace(PENDING, expires=NOW),
                attempt(),
                VoteResult("expired", "it has expired Mon 2026-11-16 12:20 UTC: no one decided in time"),
            ),
            (
                replace(PENDING, state=ApprovalState.APPROVED, decided_by="ben", decided_at=NOW),
                attempt(),
                VoteResult("late", "it was approved by ben Mon 2026-11-16 12:20 UTC"),
            ),
            (
                PENDING,
                attempt(shown="t0"),
                VoteResult("outdated", "the request has changed since: open its newest version, then decide"),
            ),
            (
                PENDING,
                attempt(""),
                VoteResult("unknown-person", "Daytwo does not know you: ask to be added under `people` in daytwo.yaml"),
            ),
            (
                PENDING,
                attempt("cleo"),
                VoteResult("not-approver", "you are not an approver of this request: platform decides"),
            ),
            (
                replace(PENDING, ring="production", requester="ana"),
                attempt(),
                VoteResult("self", "you requested it, so another person must decide"),
            ),
            (voted("ana"), attempt(), VoteResult("repeated", "you have already approved it")),
        ],
        ids=lambda value: value.result if isinstance(value, VoteResult) else "",
    )
    def test_a_vote_that_does_not_count_changes_nothing_and_says_why(
        self, approval: Approval, by: VoteAttempt, expected: VoteResult
    ) -> None:
        after, result = apply_vote(approval, TWO_OF, by, SETTINGS)
        assert result == expected
        assert after == expired_if_due(approval, by.at)

    EVERYTHING_WRONG = replace(voted("cleo"), ring="production", requester="cleo")

    @pytest.mark.parametrize(
        ("approval", "by", "expected"),
        [
            (replace(EVERYTHING_WRONG, state=ApprovalState.APPROVED), attempt("", shown="t0"), "late"),
            (replace(EVERYTHING_WRONG, expires=NOW), attempt("", shown="t0"), "expired"),
            (EVERYTHING_WRONG, attempt("", shown="t0"), "outdated"),
            (EVERYTHING_WRONG, attempt(""), "unknown-person"),
            (EVERYTHING_WRONG, attempt("cleo"), "not-approver"),
            (replace(voted("ana"), ring="production", requester="ana"), attempt(), "self"),
            (voted("ana"), attempt(), "repeated"),
        ],
    )
    def test_the_first_check_that_fails_decides(self, approval: Approval, by: VoteAttempt, expected: str) -> None:
        assert apply_vote(approval, TWO_OF, by, SETTINGS)[1].result == expected

    def test_the_page_lists_the_checks_in_this_order(self) -> None:
        checks = PAGE.read_text().partition("| check | result if it fails |")[2].partition("\n\n")[0]
        assert re.findall(r"\| `([a-z-]+)`", checks) == [
            "unknown",
            "late",
            "outdated",
            "unknown-person",
            "not-approver",
            "self",
            "repeated",
        ]

    def test_a_request_without_a_rule_no_longer_needs_approval(self) -> None:
        late = VoteResult("late", "this request no longer needs approval")
        assert apply_vote(PENDING, None, attempt(), SETTINGS) == (PENDING, late)
        assert may_decide(PENDING, None, Person("ana"), SETTINGS, NOW) == late

    def test_the_requester_can_decide_where_the_rule_allows_it(self) -> None:
        assert apply_vote(replace(PENDING, requester="ana"), RULE, attempt(), SETTINGS)[1].result == "approved"

    def test_a_person_who_has_approved_can_still_reject(self) -> None:
        assert may_decide(voted("ana"), TWO_OF, Person("ana"), SETTINGS, NOW) is None
        assert apply_vote(voted("ana"), TWO_OF, attempt(choice=Choice.REJECT), SETTINGS)[1].result == "rejected"
        again = may_decide(voted("ana"), TWO_OF, Person("ana"), SETTINGS, NOW, Choice.APPROVE)
        assert again == VoteResult("repeated", "you have already approved it")

    def test_a_page_shows_no_buttons_for_a_request_that_has_expired(self) -> None:
        expired = may_decide(PENDING, RULE, Person("ana"), SETTINGS, PENDING.expires)
        assert expired is not None
        assert expired.result == "expired"
        assert may_decide(PENDING, RULE, Person("ana"), SETTINGS, NOW) is None

    def test_an_empty_rule_says_that_no_one_decides(self) -> None:
        no_one = rule("{from: []}")
        found = may_decide(PENDING, no_one, Person("ana"), SETTINGS, NOW)
        assert found == VoteResult("not-approver", "you are not an approver of this request: no one decides")


class TestStatus:
    """The approval status of a run's plan (rules 10 to 13)."""

    PLAN = Plan("node-image", "id", (Step("1", "v", "one", {"image": "x"}),), risk="surge")
    RUN = Run("r1", "node-image", "id", "shop", "2026-w47", NOW, "timer", "daytwo", ring="pre-production")
    ASKED = replace(PENDING, parts=(Part("r1", "id", "shop", PLAN),))

    def status(self, approval: Approval | None, found: ApprovalRule | None = RULE) -> ApprovalStatus:
        return approval_status(approval, self.RUN, self.PLAN, found, SETTINGS, NOW)

    @pytest.mark.parametrize("state", [ApprovalState.CANCELLED, ApprovalState.SUPERSEDED])
    def test_a_request_that_was_withdrawn_says_nothing(self, state: ApprovalState) -> None:
        assert self.status(replace(self.ASKED, state=state)) == Missing()

    def test_a_run_without_a_request_needs_one_if_there_is_a_rule(self) -> None:
        assert self.status(None) == Missing()
        assert self.status(None, None) == NotRequired()
        assert self.status(self.ASKED, None) == NotRequired()

    def test_a_request_is_pending_granted_or_denied_as_it_was_decided(self) -> None:
        assert self.status(self.ASKED) == Pending(self.ASKED)
        granted = replace(voted("ana", of=self.ASKED), state=ApprovalState.APPROVED)
        assert self.status(granted) == Granted(granted)
        rejected = replace(self.ASKED, state=ApprovalState.REJECTED)
        assert self.status(rejected) == Denied(rejected)
        assert self.status(rejected, None) == Denied(rejected)
        late = replace(self.ASKED, expires=NOW)
        assert self.status(late) == Denied(expired_if_due(late, NOW))

    def test_only_those_who_are_no_longer_approvers_are_named(self) -> None:
        granted = replace(voted("ana", "cleo", of=self.ASKED), state=ApprovalState.APPROVED)
        assert self.status(granted, TWO_OF) == Missing(("cleo, who approved, is no longer an approver",))
        few = replace(voted("ana", of=self.ASKED), state=ApprovalState.APPROVED)
        assert self.status(few, TWO_OF) == Missing(("more approvals are needed than were given",))

    def test_a_request_in_another_ring_does_not_count_unless_it_was_rejected(self) -> None:
        moved = replace(self.ASKED, ring="production")
        why = "its cluster is now in pre-production, no longer in production"
        assert self.status(moved) == Missing((why,))
        assert self.status(moved, None) == Missing((why,))
        assert self.status(replace(moved, state=ApprovalState.CANCELLED), None) == NotRequired()
        outside = "its cluster is now in pre-production, no longer in no ring"
        assert self.status(replace(self.ASKED, ring="")) == Missing((outside,))


@pytest.mark.parametrize(
    ("decided_by", "at", "why", "text"),
    [
        ("ana", NOW, "release day", "rejected by ana Mon 2026-11-16 12:20 UTC: release day"),
        ("", NOW, "", "rejected Mon 2026-11-16 12:20 UTC"),
        ("ana", None, "", "rejected by ana"),
    ],
)
def test_the_end_of_a_request_says_by_whom_when_and_why(
    decided_by: str, at: datetime | None, why: str, text: str
) -> None:
    ended = replace(PENDING, state=ApprovalState.REJECTED, decided_by=decided_by, decided_at=at, why=why)
    assert decided_text(ended) == text
