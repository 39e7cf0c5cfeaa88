"""Simultaneous votes, a slow process, and a process or ledger that fails right after a decision."""

from collections.abc import Callable

import pytest

from ops.adapters.sqlite_store import SqliteStore
from ops.approvals.notifications import report_approval
from ops.approvals.requests import advance, current_rule, request_approval
from ops.approvals.votes import record_vote
from ops.chats.slack.endpoint import take_interaction
from ops.endpoints.timers import every_five_minutes
from ops.model.approval import ApprovalState, Choice
from ops.policy.approvers import rule_for
from ops.ports.errors import TryLaterError
from ops.ports.store import Record
from tests.approvals.helpers import ONE, DirectVote, KilledError, RefusingLedger, click, requests, shown
from tests.approvals.slack_endpoint import SlackEndpoint, form, received
from tests.approvals.story import Story, production
from tests.driving import start
from tests.fakes import FakeLedger


class InterleavedStore(SqliteStore):
    """A store in which another process acts right after the result of a vote has been read for the first time."""

    meanwhile: Callable[[], None] | None = None

    def get(self, kind: str, key: str) -> Record | None:
        found = super().get(kind, key)
        if kind == "attempt" and self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        return found


def test_two_simultaneous_deliveries_of_one_vote_have_the_same_result() -> None:
    """Two processes handle the same event before either of them has stored its result."""
    store = InterleavedStore(":memory:")
    story = Story(DirectVote(), ONE, store=store)
    clicked = click(story.approval.token)
    results: list[str] = []

    def other() -> None:
        results.append(record_vote(story.world.context, clicked).result)

    store.meanwhile = other
    results.append(record_vote(story.world.context, clicked).result)
    assert results == ["approved", "approved"]


def test_two_simultaneous_deliveries_of_a_denied_vote_have_the_same_result() -> None:
    """One delivery arrives before another person decides, the other afterwards. Both get the reply to the first one."""
    store = InterleavedStore(":memory:")
    story = Story(DirectVote(), ONE, store=store)
    by_cleo, by_ana = (click(story.approval.token, person, event=person) for person in ("cleo", "ana"))
    results: list[tuple[str, str]] = []

    def read() -> None:
        decided = record_vote(story.world.context, by_cleo)
        results.append((decided.result, decided.text))

    def other() -> None:
        read()
        assert record_vote(story.world.context, by_ana).result == "approved"

    store.meanwhile = other
    read()
    assert [result for result, _ in results] == ["not-approver", "not-approver"]
    assert results[0] == results[1]
    again = [entry.data["delivered-again"] for entry in story.world.ledger.written.values() if entry.by == "cleo"]
    assert again == ["no", "yes"]


def test_a_recorded_decision_is_reported_even_if_the_ledger_fails() -> None:
    endpoint = SlackEndpoint()
    story = Story(endpoint, ONE)
    world = story.world
    world.ledger = RefusingLedger(world.ledger.written, TryLaterError("the ledger does not answer"))
    body = form(world, "ana", Choice.APPROVE, story.approval.token, "event-0")
    take_interaction(world.context, endpoint.access(world), received(world, body))
    assert story.approval.state is ApprovalState.APPROVED
    assert len(world.replies.given) == 1
    assert "Nothing was decided" not in str(world.replies.given)


def test_a_decision_is_in_the_ledger_even_if_the_process_died_right_afterwards() -> None:
    story = Story(DirectVote(), ONE)
    world = story.world
    written = world.ledger.written
    world.ledger = RefusingLedger(written, KilledError())
    with pytest.raises(KilledError):
        record_vote(world.context, click(story.approval.token))
    world.ledger = FakeLedger(written)
    story.advance(hours=11)
    assert story.driven.at_first_step
    assert any("ana" in f"{entry.text} {entry.by}" for entry in written.values())


def test_a_late_update_does_not_restore_the_buttons() -> None:
    """One process has read the request but is slow to send it."""
    story = Story(DirectVote(), ONE)
    world, request = story.world, story.approval
    rule = current_rule(world.settings, request)
    assert rule is not None
    seen = advance(world.context, request.id, rule, world.settings)
    record_vote(world.context, click(request.token))
    every_five_minutes(world.context)
    every_five_minutes(world.context)
    assert request.token not in shown(world)[request.id]
    report_approval(world.context.ports, seen, world.settings)
    story.driven.reassess()
    for _ in range(20):
        world.clock.advance(minutes=5)
        every_five_minutes(world.context)
    assert request.token not in shown(world)[request.id]


def test_a_request_is_closed_if_its_run_was_cancelled_right_after_a_crash() -> None:
    """The process dies after writing the request and before writing the run's record."""
    world = production(ONE, "shop-prod")
    run = start(world)
    run.call("assess")
    recorded = run.record
    assert recorded.plan is not None
    rule = rule_for(world.settings, "node-image", "production", recorded.plan.risk)
    assert rule is not None
    request_approval(world.context, recorded, rule, world.settings, ())
    run.cancel()
    every_five_minutes(world.context)
    assert [str(request.state) for request in requests(world)] == ["cancelled"]
