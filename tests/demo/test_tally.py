"""A pool is counted according to the bot's record, provided that the world confirms the record."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.config import load
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.model.run import Run, State, StepRecord, StepState
from simulator.demo.differences import differences
from simulator.demo.show import CONFIG
from simulator.demo.tally import is_confirmed, tally
from simulator.demo.world import WorldCluster, WorldPool
from simulator.oracle import EligiblePool, End, Verdict

OLD, NEW = "AKSUbuntu-2204gen2containerd-202610.29.0", "AKSUbuntu-2204gen2containerd-202611.05.0"
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
DONE = StepRecord("pool.user1", "user1", StepState.DONE, evidence="2 of 2 nodes run 202611.05.0 and are Ready")
SETTINGS = load(Path(CONFIG).read_bytes(), CONFIG.name)


def pool(name: str = "user1", *images: str, ready: int = 2) -> WorldPool:
    return WorldPool(name, NEW, NEW, images or (NEW, NEW), ready)


def cluster(*pools: WorldPool, env: str = "dev") -> WorldCluster:
    return WorldCluster("shop", "westeurope", "s", "rg", {"env": env}, "None", False, True, "", pools or (pool(),))


def run(**more: object) -> Run:
    plain = Run("r", "node-image", "id", "shop", "2026-w47", MONDAY, "timer", "daytwo", state=State.DONE)
    return replace(plain, **more)  # type: ignore[arg-type]  # fields by name


def outcome(of: WorldCluster, *runs: Run, halted: frozenset[str] = frozenset()) -> str:
    (found,) = tally([of], SETTINGS, runs, halted=halted).outcomes.values()
    return found


@pytest.mark.parametrize(
    ("of", "runs", "expected"),
    [
        (cluster(), [run(finished=(DONE,))], "upgraded"),
        (cluster(pool("user1", NEW, OLD)), [run(finished=(DONE,))], "not-proven"),
        (cluster(), [run(skips=(Skip("user1", SkipReason.UNPROVEN, "not yet"),))], "unproven"),
        (cluster(), [run(state=State.FAILED, steps=(replace(DONE, state=StepState.FAILED),))], "run-failed"),
        (cluster(), [run(state=State.FAILED, steps=(replace(DONE, state=StepState.LEFT),))], "run-failed"),
        (cluster(), [run(state=State.HALTED)], "halted"),
        (cluster(), [run(state=State.WAITING)], "not-yet"),
        (cluster(), [], "not-yet"),
        (cluster(env="sandbox"), [], "no-ring"),
    ],
)
def test_a_pool_has_exactly_one_outcome(of: WorldCluster, runs: list[Run], expected: str) -> None:
    assert outcome(of, *runs) == expected


def test_a_cluster_after_a_halted_rollout_counts_as_halted() -> None:
    assert outcome(cluster(), halted=frozenset({"shop"})) == "halted"


@pytest.mark.parametrize(
    ("why", "shown", "running", "expected"),
    [
        ("every node has it and is Ready", pool(), True, True),
        ("one node has the old one", pool("user1", NEW, OLD), True, False),
        ("one node is not Ready", pool(ready=1), True, False),
        ("a cluster stopped again has no Ready nodes", pool(ready=0), False, True),
    ],
)
def test_a_record_counts_if_the_world_confirms_it(why: str, shown: WorldPool, *, running: bool, expected: bool) -> None:
    assert is_confirmed(DONE, shown, running=running) is expected, why


def test_a_record_without_an_image_is_not_confirmed() -> None:
    assert not is_confirmed(replace(DONE, evidence="it went well"), pool(), running=True)


def verdict(end: End | None) -> Verdict:
    eligible = () if end is None else (EligiblePool("shop", "user1", frozenset({NEW}), MONDAY, MONDAY, end),)
    skipped = {} if end else {"busy": (("shop", "user1"),)}
    return Verdict("2026-w47", eligible, (), skipped, (), ())


@pytest.mark.parametrize(
    ("runs", "end", "expected"),
    [
        ([run(finished=(DONE,))], End.UPGRADED, []),
        ([run(finished=(DONE,))], End.FAILED, ["shop/user1: Daytwo says upgraded, the oracle run-failed"]),
        ([run(finished=(DONE,))], None, ["shop/user1: Daytwo says upgraded, the oracle busy"]),
        ([run()], End.MISSED, ["shop/user1: Daytwo says not-yet, the oracle eligible and never started"]),
    ],
)
def test_outcomes_that_contradict_the_oracle_are_reported(
    runs: list[Run], end: End | None, expected: list[str]
) -> None:
    ours = tally([cluster()], SETTINGS, runs, halted=frozenset())
    assert [str(one) for one in differences(ours, verdict(end), whole_week=True)] == expected


def test_only_upgrades_are_compared_in_an_unfinished_week() -> None:
    ours = tally([cluster()], SETTINGS, [run()], halted=frozenset())
    assert differences(ours, verdict(End.MISSED), whole_week=False) == ()
