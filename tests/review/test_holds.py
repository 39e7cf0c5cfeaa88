"""What holds today, and was held by no test: each of these fails once its guard is taken away."""

from dataclasses import replace
from datetime import timedelta

from ops.model.people import Identity
from ops.model.plan import Plan, Step
from ops.model.signal import Signal
from ops.policy.approval import beyond
from ops.policy.people import person_of
from ops.workflows.starting import start
from tests.approvals import test_ring
from tests.approvals.story import ENTRA, NOON, PEOPLE, TENANT, Driver, config, pass_time
from tests.fakes import cluster, pool, settings


def test_a_run_does_not_join_what_somebody_has_approved_already() -> None:
    world, drivers = test_ring.ring("shop-a", rule="{from: platform, of: 2}")
    pass_time(world, tuple(drivers.values()), timedelta(minutes=6))
    assert test_ring.press(world, drivers) == "counted"
    late = cluster("shop-z", pool("user1"), env="prod")
    world.clusters.put(late)
    signal = Signal("node-image", late.id, late.name, "2026-w47", world.clock.at, "timer", "daytwo", test_ring.ROLLOUT)
    drivers["shop-z"] = Driver(world, start(world.context, signal)[0].id)
    drivers["shop-z"].go_on()
    assert [[part.target_name for part in each.parts] for each in test_ring.requests(world)] == [["shop-a"], ["shop-z"]]


def test_an_object_id_of_another_tenant_is_nobody() -> None:
    known = settings(config("{from: platform}", PEOPLE))
    other = TENANT.replace("1", "2")
    for door in ("teams", "page"):
        assert person_of(known, Identity(door, TENANT, ENTRA["ana"])) is not None
        assert person_of(known, Identity(door, other, ENTRA["ana"])) is None
        assert person_of(known, Identity(door, "", ENTRA["ana"])) is None
    assert NOON


def test_what_makes_a_plan_more_than_what_was_approved() -> None:
    def plan(*steps: Step, risk: str = "surge", target: str = "a", following: tuple[Step, ...] = ()) -> Plan:
        return Plan("node-image", target, steps, risk=risk, following=following)

    one, two = Step("1", "v", "one", {"image": "x"}), Step("2", "v", "two", {"image": "x"})
    assert beyond(plan(one, two), plan(two)) == ()
    assert beyond(plan(one, two), plan(one, risk="")) == ()
    assert beyond(plan(one, following=(two,)), plan(two)) == ()
    assert beyond(plan(one, risk=""), plan(one)) == ("the risk is surge, not in-place",)
    assert beyond(plan(one), plan(one, target="b")) == ("it is for something else",)
    assert beyond(plan(one), plan(replace(one, temporary=True))) != ()
    assert beyond(plan(one), plan(replace(one, params={"image": "y"}))) != ()
    assert beyond(plan(one), plan(replace(one, verb="w"))) != ()
