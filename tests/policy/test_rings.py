"""Rings, and what a rollout does next: docs/node-image.md, rules 3, 6, and 15."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.reasons import FailureCode
from ops.model.run import RingTargets, Rollout, RolloutPlan, RunSummary, State
from ops.policy.region_pairs import pair_group
from ops.policy.rings import next_progress, ring_before, ring_of, with_new_clusters
from tests.fakes import MONDAY, cluster, settings

FIRST_CLOSES = MONDAY + timedelta(hours=29)
RINGS = (
    RingTargets("pre-production", (("a", "a"), ("b", "b")), FIRST_CLOSES),
    RingTargets("production", (("c", "c"),), None),
)
PLAN = RolloutPlan("node-image", "2026-w47", RINGS, 0, MONDAY + timedelta(days=7))


def moves(begun: int, now: object = MONDAY, **states: State) -> object:
    runs = {name: RunSummary(name, name, name, state, acted=True, why="", code="") for name, state in states.items()}
    return next_progress(Rollout("r", PLAN, MONDAY, rings_begun=begun), runs, now)  # type: ignore[arg-type]  # a datetime


def begin_of(made: object) -> tuple[int, ...]:
    return made.begin  # type: ignore[attr-defined,no-any-return]  # Moves


def test_only_the_first_ring_begins_initially() -> None:
    assert begin_of(moves(0)) == (0,)


def test_the_next_ring_begins_when_all_runs_in_the_previous_ring_have_ended() -> None:
    assert begin_of(moves(1, a=State.DONE, b=State.RUNNING)) == ()
    assert begin_of(moves(1, a=State.DONE, b=State.SKIPPED)) == (1,)


def test_the_next_ring_begins_after_the_previous_rings_first_window() -> None:
    assert begin_of(moves(1, now=FIRST_CLOSES, a=State.WAITING, b=State.WAITING)) == (1,)


def test_a_rollout_halts_once_its_failure_budget_is_exceeded() -> None:
    halted = moves(1, a=State.FAILED, b=State.RUNNING)
    assert (halted.state, halted.why) == (State.HALTED, "1 failed (0 allowed): a")  # type: ignore[attr-defined]  # Moves


def test_a_rollout_is_done_when_all_runs_have_ended() -> None:
    ended = moves(2, a=State.DONE, b=State.DONE, c=State.SKIPPED)
    assert (ended.state, ended.why) == (State.DONE, "2 done, 1 skipped")  # type: ignore[attr-defined]  # Moves


def test_a_rollout_ends_with_its_week_even_if_runs_are_still_waiting() -> None:
    assert moves(2, now=PLAN.ends, a=State.DONE, b=State.DONE, c=State.WAITING).state is State.DONE  # type: ignore[attr-defined]  # Moves


def test_a_cluster_belongs_to_the_ring_that_selects_it() -> None:
    ring = ring_of(cluster(env="prod"), settings())
    assert ring is not None
    before = ring_before(ring, settings())
    assert (ring.name, before.name if before else None) == ("production", "pre-production")
    assert ring_of(cluster(env="sandbox"), settings()) is None


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("westeurope", "northeurope+westeurope"),
        ("northeurope", "northeurope+westeurope"),
        ("WestEurope", "northeurope+westeurope"),
        ("polandcentral", "polandcentral"),
        ("westus3", "eastus+westus+westus3"),
    ],
)
def test_paired_regions_form_one_pair_group(region: str, expected: str) -> None:
    assert pair_group(region) == expected


@pytest.mark.parametrize(
    "code", [FailureCode.STOPPED, FailureCode.GONE, FailureCode.TAKEN_OVER, FailureCode.NOT_REPAIRED]
)
def test_a_failure_that_is_not_the_images_does_not_spend_the_failure_budget(code: FailureCode) -> None:
    runs = {
        "a": RunSummary("a", "a", "a", State.FAILED, acted=True, why="the cluster is stopped", code=code),
        "b": RunSummary("b", "b", "b", State.DONE, acted=True, why="", code=""),
    }
    assert next_progress(Rollout("r", PLAN, MONDAY, rings_begun=1), runs, MONDAY).begin == (1,)


class TestNewClusters:
    """A later scan adds clusters to the rings of a rollout that has not ended for good."""

    LATER = RolloutPlan(
        "node-image",
        "2026-w47",
        (
            RingTargets("pre-production", (("a", "a"), ("d", "d")), FIRST_CLOSES),
            RingTargets("production", (("w", "w"),), None),
            RingTargets("new ring", (("e", "e"),), None),
        ),
        0,
        PLAN.ends,
        (("w", "w"), ("b", "b"), ("x", "a")),
    )
    OLD = Rollout("r", replace(PLAN, watched=(("w", "w"),)), MONDAY, state=State.DONE, why="done", ended=MONDAY)

    def test_new_clusters_join_their_ring_and_known_ones_stay_where_they_are(self) -> None:
        found = with_new_clusters(self.OLD, self.LATER, MONDAY)
        rings = (replace(RINGS[0], targets=(("a", "a"), ("b", "b"), ("d", "d"))), RINGS[1])
        plan = replace(PLAN, rings=rings, watched=(("w", "w"), ("x", "a")))
        assert found == Rollout("r", plan, MONDAY, state=State.RUNNING)

    def test_a_ring_of_which_the_later_scan_knows_nothing_stays(self) -> None:
        later = replace(self.LATER, rings=self.LATER.rings[:1])
        found = with_new_clusters(self.OLD, later, MONDAY)
        assert found.plan.rings[1] == RINGS[1]

    @pytest.mark.parametrize("state", [State.HALTED, State.FAILED])
    def test_a_halted_rollout_gets_no_clusters(self, state: State) -> None:
        halted = replace(self.OLD, state=state)
        assert with_new_clusters(halted, self.LATER, MONDAY) == halted

    def test_nothing_joins_once_the_week_is_over(self) -> None:
        assert with_new_clusters(self.OLD, self.LATER, PLAN.ends) == self.OLD
        assert with_new_clusters(self.OLD, self.LATER, PLAN.ends - timedelta(seconds=1)) != self.OLD

    def test_a_scan_without_new_clusters_changes_nothing(self) -> None:
        assert with_new_clusters(self.OLD, self.OLD.plan, MONDAY) == self.OLD
        only_watched = replace(self.OLD.plan, watched=(("w", "w"), ("x", "x")))
        assert with_new_clusters(self.OLD, only_watched, MONDAY).plan.watched == (("w", "w"), ("x", "x"))
