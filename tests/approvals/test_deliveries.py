"""Votes that are delivered up to five times, in any order relative to expiry and cancellation, always have one outcome.

Every attempt is recorded in the ledger.
"""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.model.approval import ApprovalState
from tests.approvals.helpers import DirectVote
from tests.approvals.story import Story

RULES = ("{from: platform, expires-after: 6h}", "{from: [platform, leads], of: 2, expires-after: 6h}")
DECISIONS = ("approved", "rejected")


votes = st.tuples(
    st.sampled_from(["ana", "ben", "cleo", "eve"]), st.sampled_from(["approve", "reject"]), st.integers(1, 5)
)


@st.composite
def stories(draw: st.DrawFn) -> tuple[str, list[tuple[str, str, str]]]:
    """A rule and a sequence of (event, voter, choice), repeated once per delivery and interleaved with `later` and `cancel`."""
    happenings = [
        (f"event-{number}", person, choice)
        for number, (person, choice, times) in enumerate(draw(st.lists(votes, min_size=1, max_size=5)))
        for _ in range(times)
    ]
    happenings += [("later", "", "")] * draw(st.integers(0, 3))
    happenings += [("cancel", "", "")] * draw(st.integers(0, 1))
    return draw(st.sampled_from(RULES)), draw(st.permutations(happenings))


def check(rule: str, happenings: list[tuple[str, str, str]]) -> None:
    story = Story(DirectVote(), rule)
    token = story.approval.token
    results_of: dict[str, set[str]] = defaultdict(set)
    ends: list[ApprovalState] = []
    for event, person, choice in happenings:
        if event == "later":
            story.advance(hours=2.5)
        elif event == "cancel":
            story.cancel()
        else:
            story.vote_with(person, choice, token, event)
            results_of[event].add(story.reported[-1])
        ends.append(story.approvals[0].state)
    decided = [state for state in ends if state.is_decided]
    assert len(set(decided)) <= 1, "the outcome changed"
    assert ends[len(ends) - len(decided) :] == decided, "what was decided became open again"
    assert all(len(results) == 1 for results in results_of.values()), "one event had two results"
    assert sum(bool(results & set(DECISIONS)) for results in results_of.values()) == (
        decided[0] in (ApprovalState.APPROVED, ApprovalState.REJECTED) if decided else 0
    )
    attempts = [entry for entry in story.world.ledger.written.values() if entry.kind == "attempt"]
    assert len(attempts) == sum(event.startswith("event") for event, _, _ in happenings)
    assert [entry.data["result"] for entry in attempts] == story.reported
    if decided and decided[0] is not ApprovalState.APPROVED:
        assert story.driven.record.state.is_final
        assert story.world.clusters.begun == []


@settings(max_examples=150, deadline=None)
@given(stories())
def test_repeated_votes_have_one_outcome_in_any_order(drawn: tuple[str, list[tuple[str, str, str]]]) -> None:
    check(*drawn)


@pytest.mark.soak
@settings(max_examples=5_000, deadline=None)
@given(stories())
def test_thousands_of_delivery_orders_have_one_outcome(drawn: tuple[str, list[tuple[str, str, str]]]) -> None:
    check(*drawn)
