"""Leases: who goes first on a cluster, and what a run does while it waits (docs/adr/0005-leases.md, 0007-precedence.md)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.engine.activities.lease import (
    holds_all,
    lease,
    register_waiter,
    release_all,
    remove_waiter,
    renew_all,
    run_ahead,
    take_claim,
)
from ops.engine.transition import Outcome, Transition
from ops.model.plan import Claim, Plan, Step
from ops.model.run import Run, State, StepRecord
from ops.policy.leases import Holder
from ops.tables.base import store_key
from ops.tables.leases import Waiter, Waiters, leases, waiters
from ops.tables.runs import runs
from tests.driving import NIGHT
from tests.fakes import World, cluster

OURS = cluster("shop-dev")
OWN, REGION = Claim(f"cluster.{OURS.id}"), Claim("regions.a+b", "a", 1, "ring")
STEP = Step("stop", "stop-cluster", "stop", {})
MINUTE = timedelta(minutes=1)
EXPIRES = NIGHT + 20 * MINUTE


def run(name: str, runbook: str = "power", *, source: str = "timer", claims: Sequence[Claim] = (OWN, REGION)) -> Run:
    plan = Plan(runbook, OURS.id, (STEP,), tuple(claims))
    return Run(
        name, runbook, OURS.id, "shop-dev", "p", NIGHT, source, "x", plan=plan, steps=(StepRecord("stop", "stop"),)
    )


OURS_RUN = run("ours")


def world_with(*recorded: Run) -> World:
    world = World()
    world.clock.at = NIGHT
    for each in recorded:
        runs(world.store).insert(each.id, each)
    return world


def waiting(world: World, claim: Claim = OWN) -> dict[str, Waiter]:
    stored = waiters(world.store).get(store_key(claim.name))
    return dict(stored.value.runs) if stored else {}


def holders(world: World, claim: Claim = OWN) -> tuple[Holder, ...]:
    stored = leases(world.store).get(store_key(claim.name))
    return stored.value.holders if stored else ()


def test_every_lease_is_taken_and_the_first_step_follows() -> None:
    world = world_with(OURS_RUN)
    register_waiter(world.store, OWN, OURS_RUN, NIGHT)
    assert lease(world.context, {"run": "ours"}) == Transition(Outcome.STEP, step="stop")
    assert holders(world) == (Holder("ours", "", EXPIRES),)
    assert holders(world, REGION) == (Holder("ours", "a", EXPIRES, "ring"),)
    assert waiting(world) == {}
    assert runs(world.store).must_get("ours").value == replace(OURS_RUN, began=NIGHT)


def test_the_time_at_which_a_run_began_is_kept() -> None:
    world = world_with(replace(OURS_RUN, began=NIGHT - MINUTE))
    lease(world.context, {"run": "ours"})
    assert runs(world.store).must_get("ours").value.began == NIGHT - MINUTE


@pytest.mark.parametrize("changed", [{"plan": None}, {"steps": ()}])
def test_a_run_without_a_plan_is_assessed_again(changed: dict[str, object]) -> None:
    world = world_with(replace(OURS_RUN, **changed))  # type: ignore[arg-type]  # fields by name
    assert lease(world.context, {"run": "ours"}) == Transition(Outcome.ASSESS)


def test_a_run_that_cannot_take_every_lease_takes_none_and_waits() -> None:
    other = replace(run("other"), target="another", target_name="shop-prod")
    world = world_with(OURS_RUN, other)
    take_claim(world.store, REGION, "other", NIGHT)
    until = NIGHT + 5 * MINUTE
    assert lease(world.context, {"run": "ours"}) == Transition(Outcome.ASSESS, until)
    assert (holders(world), [each.run for each in holders(world, REGION)]) == ((), ["other"])
    assert waiting(world, REGION) == {"ours": Waiter(30, NIGHT + 12 * MINUTE)}
    assert runs(world.store).must_get("ours").value == replace(
        OURS_RUN,
        state=State.WAITING,
        until=until,
        why="waiting for shop-prod, which goes first",
        code="lease",
        plan=None,
        steps=(),
    )


@pytest.mark.parametrize("recorded", [(OURS_RUN,), (OURS_RUN, run("other"))], ids=["unknown", "same cluster"])
def test_a_run_that_has_this_cluster_is_named_by_its_id(recorded: tuple[Run, ...]) -> None:
    world = world_with(*recorded)
    take_claim(world.store, OWN, "other", NIGHT)
    lease(world.context, {"run": "ours"})
    assert runs(world.store).must_get("ours").value.why == "waiting for other, which has this cluster"


def test_a_run_yields_to_a_waiting_one_with_a_lower_rank() -> None:
    world = world_with(OURS_RUN)
    register_waiter(world.store, OWN, run("first", "spot", source="event"), NIGHT)
    assert lease(world.context, {"run": "ours"}).outcome is Outcome.ASSESS
    assert runs(world.store).must_get("ours").value.why == "waiting for first, which has this cluster"
    assert holders(world) == ()


class TestWaiters:
    """A waiting run with a lower rank goes first, as long as it still waits."""

    def ahead(self, *others: Run, after: timedelta = timedelta(), own: Run = OURS_RUN) -> str:
        world = world_with()
        for other in others:
            register_waiter(world.store, OWN, other, NIGHT)
        found = run_ahead(world.store, OWN, own, NIGHT + after)
        return found.run if found else ""

    def test_the_lowest_rank_goes_first(self) -> None:
        assert self.ahead() == ""
        assert self.ahead(run("image", "node-image"), run("same")) == ""
        assert self.ahead(run("image", "node-image"), run("person", source="http")) == "person"
        assert self.ahead(run("person", source="http"), run("spot", "spot", source="event")) == "spot"
        assert self.ahead(run("b", source="http"), run("a", source="http")) == "a"

    def test_a_run_does_not_wait_for_itself(self) -> None:
        assert self.ahead(run("ours", source="http")) == ""

    def test_an_entry_that_is_not_renewed_expires_after_twelve_minutes(self) -> None:
        person = run("person", source="http")
        assert self.ahead(person, after=12 * MINUTE - timedelta(seconds=1)) == "person"
        assert self.ahead(person, after=12 * MINUTE) == ""

    def test_an_entry_is_removed_without_the_others(self) -> None:
        world = world_with()
        other = run("other", source="http")
        remove_waiter(world.store, OWN, OURS_RUN)
        register_waiter(world.store, OWN, OURS_RUN, NIGHT)
        register_waiter(world.store, OWN, other, NIGHT)
        remove_waiter(world.store, OWN, OURS_RUN)
        assert waiting(world) == {"other": Waiter(10, NIGHT + 12 * MINUTE)}
        before = waiters(world.store).must_get(store_key(OWN.name))
        remove_waiter(world.store, OWN, OURS_RUN)
        assert waiters(world.store).must_get(store_key(OWN.name)) == before
        assert before.value == Waiters({"other": Waiter(10, NIGHT + 12 * MINUTE)})


class TestHolding:
    """A run acts only while it holds every lease safely."""

    def held(self, *claims: Claim) -> World:
        world = world_with()
        for claim in claims:
            assert take_claim(world.store, claim, "ours", NIGHT) is None
        return world

    def test_all_leases_must_be_held(self) -> None:
        assert holds_all(self.held(OWN, REGION).store, OURS_RUN, NIGHT)
        assert not holds_all(self.held(OWN).store, OURS_RUN, NIGHT)
        assert not holds_all(self.held(OWN, REGION).store, replace(OURS_RUN, plan=None), NIGHT)

    def test_a_lease_is_not_safe_two_minutes_before_it_expires(self) -> None:
        world = self.held(OWN, REGION)
        assert holds_all(world.store, OURS_RUN, NIGHT + 18 * MINUTE - timedelta(seconds=1))
        assert not holds_all(world.store, OURS_RUN, NIGHT + 18 * MINUTE)

    def test_every_lease_is_renewed(self) -> None:
        world = self.held(OWN, REGION)
        assert renew_all(world.store, OURS_RUN, NIGHT + 5 * MINUTE) is None
        assert [each.expires for each in (*holders(world), *holders(world, REGION))] == [EXPIRES + 5 * MINUTE] * 2
        assert renew_all(world.store, replace(OURS_RUN, plan=None), NIGHT) is None

    def test_only_a_run_that_has_taken_the_cluster_itself_is_returned(self) -> None:
        world = self.held(OWN)
        other = Claim(REGION.name, "b")
        assert take_claim(world.store, other, "other", NIGHT) is None
        assert renew_all(world.store, OURS_RUN, NIGHT) is None
        taken = world_with()
        take_claim(taken.store, OWN, "other", NIGHT)
        assert renew_all(taken.store, OURS_RUN, NIGHT) == Holder("other", "", EXPIRES)

    def test_every_lease_is_released(self) -> None:
        world = self.held(OWN, REGION)
        release_all(world.store, OURS_RUN)
        assert (holders(world), holders(world, REGION)) == ((), ())
        release_all(world.store, replace(OURS_RUN, plan=None))

    def test_a_lease_that_another_run_holds_is_not_taken(self) -> None:
        world = self.held(OWN)
        assert take_claim(world.store, OWN, "other", NIGHT) == Holder("ours", "", EXPIRES)
        assert [each.run for each in holders(world)] == ["ours"]
