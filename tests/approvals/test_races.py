"""Two at the same moment, one that is slow, and a process or a ledger that fails right after a decision."""

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
from tests.approvals.helpers import ONE, Bare, KilledError, RefusingLedger, click, requests, shown
from tests.approvals.slack_endpoint import SlackEndpoint, form, received
from tests.approvals.story import Story, production
from tests.driving import begin
from tests.fakes import FakeLedger


class Interleaved(SqliteStore):
    """A store in which another process acts right after the first read of a vote's result."""

    meanwhile: Callable[[], None] | None = None

    def get(self, kind: str, key: str) -> Record | None:
        found = super().get(kind, key)
        if kind == "attempt" and self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        return found


def test_the_same_delivery_at_the_same_moment_has_one_answer() -> None:
    """Two processes take the same event before either has kept its answer."""
    store = Interleaved(":memory:")
    story = Story(Bare(), ONE, store=store)
    clicked = click(story.approval.token)
    heard: list[str] = []

    def other() -> None:
        heard.append(record_vote(story.world.context, clicked).result)

    store.meanwhile = other
    heard.append(record_vote(story.world.context, clicked).result)
    assert heard == ["approved", "approved"]


def test_a_denied_delivery_that_comes_twice_at_the_same_moment_has_one_answer() -> None:
    """One delivery arrives before another person decides, one after it: both get the reply of the first."""
    store = Interleaved(":memory:")
    story = Story(Bare(), ONE, store=store)
    by_cleo, by_ana = (click(story.approval.token, person, event=person) for person in ("cleo", "ana"))
    heard: list[tuple[str, str]] = []

    def read() -> None:
        decided = record_vote(story.world.context, by_cleo)
        heard.append((decided.result, decided.text))

    def other() -> None:
        read()
        assert record_vote(story.world.context, by_ana).result == "approved"

    store.meanwhile = other
    read()
    assert [result for result, _ in heard] == ["not-approver", "not-approver"]
    assert heard[0] == heard[1]
    again = [entry.data["delivered-again"] for entry in story.world.ledger.written.values() if entry.by == "cleo"]
    assert again == ["no", "yes"]


def test_a_vote_that_was_decided_is_not_reported_as_not_decided() -> None:
    endpoint = SlackEndpoint()
    story = Story(endpoint, ONE)
    world = story.world
    world.ledger = RefusingLedger(world.ledger.written, TryLaterError("the ledger does not answer"))
    body = form(world, "ana", Choice.APPROVE, story.approval.token, "event-0")
    take_interaction(world.context, endpoint.access(world), received(world, body))
    assert story.approval.state is ApprovalState.APPROVED
    assert len(world.replies.given) == 1
    assert "Nothing was decided" not in str(world.replies.given)


def test_the_decision_is_in_the_ledger_though_the_process_died_after_it() -> None:
    story = Story(Bare(), ONE)
    world = story.world
    written = world.ledger.written
    world.ledger = RefusingLedger(written, KilledError())
    with pytest.raises(KilledError):
        record_vote(world.context, click(story.approval.token))
    world.ledger = FakeLedger(written)
    story.advance(hours=11)
    assert story.driven.at_first_step
    assert any("ana" in f"{entry.text} {entry.by}" for entry in written.values())


def test_an_older_look_does_not_put_the_buttons_back() -> None:
    """One process has looked, and is slow in sending what it saw."""
    story = Story(Bare(), ONE)
    world, asked = story.world, story.approval
    rule = current_rule(world.settings, asked)
    assert rule is not None
    seen = advance(world.context, asked.id, rule, world.settings)
    record_vote(world.context, click(asked.token))
    every_five_minutes(world.context)
    every_five_minutes(world.context)
    assert asked.token not in shown(world)[asked.id]
    report_approval(world.context.ports, seen, world.settings)
    story.driven.reassess()
    for _ in range(20):
        world.clock.advance(minutes=5)
        every_five_minutes(world.context)
    assert asked.token not in shown(world)[asked.id]


def test_a_request_whose_run_was_cancelled_right_after_a_crash_is_not_left_open() -> None:
    """The process dies between the request and the run's record."""
    world = production(ONE, "shop-prod")
    run = begin(world)
    run.call("assess")
    recorded = run.record
    assert recorded.plan is not None
    rule = rule_for(world.settings, "node-image", "production", recorded.plan.risk)
    assert rule is not None
    request_approval(world.context, recorded, rule, world.settings, ())
    run.cancel()
    every_five_minutes(world.context)
    assert [str(request.state) for request in requests(world)] == ["cancelled"]
