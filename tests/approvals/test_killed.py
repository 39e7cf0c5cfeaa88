"""Killed right before any of its writes, and started again: while asking, while a plan changes, while deciding."""

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
    started,
)
from tests.approvals.story import Driver, pass_time, production
from tests.fakes import NEWER, World


class Mortal:
    """Two production clusters, each with a run, in a process that can be killed before its n-th write."""

    def __init__(self, rollout: str) -> None:
        self.store = DyingStore(":memory:")
        self.world: World = production(ONE, "shop-a", "shop-b")
        self.world.store = self.store
        self.world.ledger = DyingLedger(store=self.store)
        self.drivers: list[Driver] = [started(self.world, each, rollout) for each in self.world.clusters.fleet.values()]

    def go_on(self) -> None:
        for driver in self.drivers:
            driver.go_on()

    def ask(self) -> None:
        """People are asked for both."""
        self.go_on()
        pass_time(self.world, self.drivers, timedelta(minutes=6))

    def killed(self, write: int, act: Callable[[], object]) -> bool:
        """Kills the act before this write and does it again; False where it has fewer writes."""
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
        """People approve what is asked, the night comes, and nothing is left over; how many requests it took."""
        pass_time(self.world, self.drivers, timedelta(minutes=7))
        for _ in range(3):
            every_five_minutes(self.world.context)
            self.world.clock.pass_(minutes=5)
        for request in requests(self.world):
            if request.state is ApprovalState.PENDING:
                assert record_vote(self.world.context, click(request.token, event=request.id)).result == "approved"
        for driver in self.drivers:
            driver.wake()
        pass_time(self.world, self.drivers, timedelta(hours=10.5))
        every_five_minutes(self.world.context)
        every_five_minutes(self.world.context)
        # Of a pair of regions one at a time: the other waits for its turn, not for a person.
        assert any(driver.begins for driver in self.drivers)
        assert all(driver.begins or "waits for shop" in driver.run.why for driver in self.drivers)
        assert list(self.store.scan(OPEN_REQUESTS)) == []
        assert all(request.state.is_decided for request in requests(self.world))
        assert not any(request.token in str(shown(self.world)) for request in requests(self.world))
        return len(requests(self.world))


@pytest.mark.parametrize(("rollout", "expected"), [(ROLLOUT, 1), ("", 2)], ids=["a ring", "each alone"])
def test_who_dies_while_requesting_requests_once(rollout: str, expected: int) -> None:
    for write in count():
        mortal = Mortal(rollout)
        killed = mortal.killed(write, mortal.go_on)
        assert mortal.finish() == expected, f"killed before write {write}"
        if not killed:
            break
    assert write > 10


@pytest.mark.parametrize(("rollout", "expected"), [(ROLLOUT, 1), ("", 4)], ids=["a ring", "each alone"])
def test_who_dies_while_a_plan_changes_asks_for_the_new_one_once(rollout: str, expected: int) -> None:
    for write in count():
        mortal = Mortal(rollout)
        mortal.ask()
        mortal.world.clusters.newest = NEWER
        for driver in mortal.drivers:
            driver.until = None
        killed = mortal.killed(write, mortal.go_on)
        assert mortal.finish() == expected, f"killed before write {write}"
        if not killed:
            break
    assert write > 5


@pytest.mark.parametrize(
    ("choice", "expected"), [(Choice.APPROVE, "approved"), (Choice.REJECT, "rejected")], ids=["approve", "reject"]
)
def test_who_dies_while_deciding_has_decided_once_and_written_it_down(choice: Choice, expected: str) -> None:
    for write in count():
        mortal = Mortal(ROLLOUT)
        mortal.ask()
        (only,) = requests(mortal.world)
        clicked = click(only.token, choice=choice)
        killed = mortal.killed(write, partial(record_vote, mortal.world.context, clicked))
        for driver in mortal.drivers:
            driver.wake()
        attempts = [entry for entry in mortal.world.ledger.written.values() if entry.kind == "attempt"]
        assert [entry.data["result"] for entry in attempts] == [expected], f"killed before write {write}"
        assert [str(request.state) for request in requests(mortal.world)] == [expected]
        if not killed:
            break
    assert write > 2
