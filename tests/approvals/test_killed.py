"""A process is killed right before one of its writes, during a request, a change of plan, or a vote."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from itertools import count

import pytest

from ops.approvals.requests import OPEN_REQUESTS
from ops.approvals.votes import record_vote
from ops.endpoints.timers import every_five_minutes
from ops.model.approval import ApprovalState, Choice
from tests.approvals.helpers import (
    ONE,
    ROLLOUT,
    DyingLedger,
    DyingStore,
    KilledError,
    click,
    requests,
    shown,
)
from tests.approvals.story import production
from tests.driving import DrivenRun, pass_time, run_request, start
from tests.fakes import NEWER, World


class KillableProcess:
    """Two production clusters, each with a run, in a process that can be killed right before its nth write."""

    def __init__(self, rollout: str) -> None:
        self.store = DyingStore(":memory:")
        self.world: World = production(ONE, "shop-a", "shop-b")
        self.world.store = self.store
        self.world.ledger = DyingLedger(store=self.store)
        self.driven: list[DrivenRun] = [
            start(self.world, run_request(self.world, of=each, rollout=rollout))
            for each in self.world.clusters.fleet.values()
        ]

    def execute(self) -> None:
        for run in self.driven:
            run.to_first_step()

    def request(self) -> None:
        """Execute both runs until they have requested approval."""
        self.execute()
        pass_time(self.world, self.driven, timedelta(minutes=6))

    def killed(self, write: int, act: Callable[[], object]) -> bool:
        """Kill the process right before this write, then repeat the action. Return False if the action makes fewer writes."""
        self.store.left = write
        try:
            act()
        except KilledError:
            act()
            return True
        finally:
            self.store.left = None
        return False

    def finish(self) -> int:
        """Let people approve, wait until the window opens, and check that no request stays open. Return the number of requests."""
        pass_time(self.world, self.driven, timedelta(minutes=7))
        for _ in range(3):
            every_five_minutes(self.world.context)
            self.world.clock.advance(minutes=5)
        for request in requests(self.world):
            if request.state is ApprovalState.PENDING:
                assert record_vote(self.world.context, click(request.token, event=request.id)).result == "approved"
        for run in self.driven:
            run.wake_if_requested()
        pass_time(self.world, self.driven, timedelta(hours=10.5))
        every_five_minutes(self.world.context)
        every_five_minutes(self.world.context)
        # Only one cluster per region pair runs at a time, so the other one is waiting for its turn, not for a person.
        assert any(run.at_first_step for run in self.driven)
        assert all(run.at_first_step or "waits for shop" in run.record.why for run in self.driven)
        assert list(self.store.scan(OPEN_REQUESTS)) == []
        assert all(request.state.is_decided for request in requests(self.world))
        assert not any(request.token in str(shown(self.world)) for request in requests(self.world))
        return len(requests(self.world))


@pytest.mark.parametrize(("rollout", "expected"), [(ROLLOUT, 1), ("", 2)], ids=["as a ring", "individually"])
def test_a_kill_during_a_request_still_leads_to_one_request(rollout: str, expected: int) -> None:
    for write in count():
        process = KillableProcess(rollout)
        killed = process.killed(write, process.execute)
        assert process.finish() == expected, f"killed before write {write}"
        if not killed:
            break
    assert write > 10


@pytest.mark.parametrize(("rollout", "expected"), [(ROLLOUT, 1), ("", 4)], ids=["as a ring", "individually"])
def test_a_kill_during_a_change_of_plan_still_leads_to_one_new_request(rollout: str, expected: int) -> None:
    for write in count():
        process = KillableProcess(rollout)
        process.request()
        process.world.clusters.newest = NEWER
        for run in process.driven:
            run.engine.wake()
        killed = process.killed(write, process.execute)
        assert process.finish() == expected, f"killed before write {write}"
        if not killed:
            break
    assert write > 5


@pytest.mark.parametrize(
    ("choice", "expected"), [(Choice.APPROVE, "approved"), (Choice.REJECT, "rejected")], ids=["approve", "reject"]
)
def test_a_kill_during_a_vote_still_leads_to_one_decision_and_one_ledger_entry(choice: Choice, expected: str) -> None:
    for write in count():
        process = KillableProcess(ROLLOUT)
        process.request()
        (only,) = requests(process.world)
        clicked = click(only.token, choice=choice)
        killed = process.killed(write, partial(record_vote, process.world.context, clicked))
        for run in process.driven:
            run.wake_if_requested()
        attempts = [entry for entry in process.world.ledger.written.values() if entry.kind == "attempt"]
        assert [entry.data["result"] for entry in attempts] == [expected], f"killed before write {write}"
        assert [str(request.state) for request in requests(process.world)] == [expected]
        if not killed:
            break
    assert write > 2
