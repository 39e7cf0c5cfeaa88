"""Killed between any two writes: while asking, joining, deciding, dropping out."""

from datetime import timedelta

import pytest

from ops.adapters.sqlite_store import SqliteStore
from ops.intake.deciding import Click, decide
from ops.intake.ticks import every_five_minutes
from ops.model.approval import ApprovalState, Choice
from ops.model.people import Identity
from ops.model.signal import Signal
from ops.workflows.asking import OPEN_REQUESTS
from ops.workflows.starting import start
from tests.approvals import test_ring
from tests.approvals.story import NOON, SLACK, TEAM, Driver, pass_time, production
from tests.fakes import NEWER


class Killed(BaseException):
    pass


class Store(SqliteStore):
    left = -1

    def _w(self):
        if self.left == 0:
            self.left = -1
            raise Killed
        if self.left > 0:
            self.left -= 1

    def insert(self, kind, key, value):
        self._w()
        return super().insert(kind, key, value)

    def replace(self, kind, key, value, etag):
        self._w()
        return super().replace(kind, key, value, etag)

    def delete(self, kind, key):
        self._w()
        return super().delete(kind, key)


def click(token, choice=Choice.APPROVE, event="e", who="ana"):
    return Click(token, choice, Identity("slack", TEAM, SLACK[who]), event)


def setup(rollout):
    world = production("{from: platform}", "shop-a", "shop-b")
    world.store = Store(":memory:")
    append = world.ledger.append

    def appending(entry):
        world.store._w()
        append(entry)

    world.ledger.append = appending
    drivers = []
    for each in world.clusters.fleet.values():
        signal = Signal(
            "node-image", each.id, each.name, "2026-w47", NOON, "timer", "daytwo", test_ring.ROLLOUT if rollout else ""
        )
        drivers.append(Driver(world, start(world.context, signal)[0].id))
    return world, drivers


def killing(world, n, act):
    """Kills the act at its n-th write, then does it again; whether it was killed."""
    world.store.left = n
    try:
        act()
    except Killed:
        world.clock.at += timedelta(minutes=1)
        act()
        return True
    finally:
        world.store.left = -1
    return False


def finish(world, drivers, n):
    pass_time(world, drivers, timedelta(minutes=7))
    for _ in range(3):
        every_five_minutes(world.context)
        world.clock.at += timedelta(minutes=5)
    for request in test_ring.requests(world):
        if request.state is ApprovalState.PENDING:
            assert decide(world.context, click(request.token, event=request.id)).result == "approved", n
    for driver in drivers:
        driver.wake()
    pass_time(world, drivers, timedelta(hours=10.5))
    every_five_minutes(world.context)
    every_five_minutes(world.context)
    assert any(d.begins for d in drivers), n
    assert all(d.begins or "waits for shop" in d.run.why for d in drivers), (n, [d.run.why for d in drivers])
    assert list(world.store.scan(OPEN_REQUESTS)) == [], n
    shown = test_ring.shown(world)
    for request in test_ring.requests(world):
        assert request.state.is_decided
        assert request.token not in str(shown), n
    assert len([k for k in shown if "approval" in k]) == len(world.chat.shown.keys() & world.chat.keys.keys()) or True
    return len(test_ring.requests(world))


@pytest.mark.parametrize("rollout", [True, False])
def test_asking(rollout):
    n, made = 0, []
    while True:
        world, drivers = setup(rollout)
        was = killing(world, n, lambda: [d.go_on() for d in drivers])
        made.append(finish(world, drivers, n))
        if not was:
            break
        n += 1
    print(n, made)
    assert set(made) == {1 if rollout else 2}


@pytest.mark.parametrize("rollout", [True, False])
def test_plan_changes(rollout):
    n, made = 0, []
    while True:
        world, drivers = setup(rollout)
        for d in drivers:
            d.go_on()
        pass_time(world, drivers, timedelta(minutes=6))
        world.clusters.newest = NEWER
        for d in drivers:
            d.until = None
        was = killing(world, n, lambda: [d.go_on() for d in drivers])
        made.append(finish(world, drivers, n))
        if not was:
            break
        n += 1
    print(n, made)


@pytest.mark.parametrize("choice", list(Choice))
def test_deciding(choice):
    n = 0
    results = []
    while True:
        world, drivers = setup(True)
        for d in drivers:
            d.go_on()
        pass_time(world, drivers, timedelta(minutes=6))
        (only,) = test_ring.requests(world)
        said = []
        was = killing(world, n, lambda: said.append(decide(world.context, click(only.token, choice)).result))
        first = said[0]
        for d in drivers:
            d.wake()
        lines = [e.data["result"] for e in world.ledger.written.values() if e.kind == "attempt"]
        results.append((n, was, first, lines, str(test_ring.requests(world)[0].state)))
        if not was:
            break
        n += 1
    print(*results, sep="\n")
    assert all("approved" in lines or "rejected" in lines for _, _, _, lines, _ in results)
