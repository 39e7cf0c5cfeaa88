"""The cost of a command: its reads, its replies, and the records left behind by unknown people."""

from dataclasses import replace

from ops.engine.run_starter import UNFINISHED
from ops.model.approval import ApprovalState
from ops.model.run import State
from ops.tables.approvals import approvals
from ops.tables.runs import runs
from tests.approvals.helpers import ONE, CountingStore, DirectVote
from tests.approvals.story import Story
from tests.endpoints.chat_helper import send_command
from tests.fakes import FakeEngine


def queries(engine: FakeEngine) -> list[str]:
    return [each for each in engine.started if each.startswith("chat_query ")]


def test_the_status_command_does_not_read_every_run_from_the_last_two_weeks() -> None:
    store = CountingStore()
    story = Story(DirectVote(), ONE, store=store)
    run = story.driven.record
    for number in range(1700):
        store.insert(UNFINISHED, f"power.x-{number}", {})
        runs(store).insert(f"power.x-{number}", replace(run, id=f"power.x-{number}", state=State.DONE))
    store.got.clear()
    send_command(story.world, "ana", "status")
    assert len(store.got) < 100


def test_the_status_command_does_not_read_old_requests() -> None:
    store = CountingStore()
    story = Story(DirectVote(), ONE, store=store)
    approval = story.approval
    for number in range(3000):
        old = replace(approval, id=f"old.approval-{number}", state=ApprovalState.APPROVED)
        approvals(store).insert(old.id, old)
    store.got.clear()
    store.scanned.clear()
    send_command(story.world, "ana", "status")
    assert [*store.got, *store.scanned].count("approval") < 100


def test_a_command_that_is_delivered_twice_is_answered_once() -> None:
    story = Story(DirectVote(), ONE)
    engine = story.world.engine
    send_command(story.world, "ana", "plan")
    (query,) = queries(engine)
    engine.live.discard(query.removeprefix("chat_query "))  # The run has ended.
    send_command(story.world, "ana", "plan")
    assert queries(engine) == [query]


def test_unknown_people_cannot_fill_up_the_ledger() -> None:
    story = Story(DirectVote(), ONE)
    before = len(story.world.ledger.written)
    for number in range(200):
        send_command(story.world, "eve", "status", f"event-{number}")
    assert len(story.world.ledger.written) - before < 20
