"""Which pools are behind, and which are left out with which words (docs/node-image.md, rule 8)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.model.fleet import Cluster, Node, Pool, Power, Unknown
from ops.model.image import ImageKey, NodeImage
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.model.run import Run, StepRecord, StepState
from ops.policy.pool_selection import (
    NO_IMAGE,
    Candidate,
    Limits,
    PoolSelection,
    is_older_than,
    nodes_checked,
    nodes_in,
    select_pools,
    unjudged_skips,
)
from tests.fakes import MONDAY, NEW, OLD, cluster, nodes_of, pool

WINDOW = timedelta(hours=7)
RUN = Run("r1", "node-image", "id", "shop", "2026-w47", MONDAY, "timer", "daytwo")
NO_NODES = Unknown("no answer", transient=True)
IMAGE = NodeImage.parse(NEW)
assert IMAGE is not None


def select(
    *pools: Pool,
    newest: Mapping[str, str | Unknown] | None = None,
    nodes: tuple[Node, ...] | Unknown | None = None,
    run: Run = RUN,
    of: Cluster | None = None,
    window: timedelta = WINDOW,
) -> PoolSelection:
    target = of or cluster("shop", *pools)
    images: Mapping[str, str | Unknown] = newest if newest is not None else {each.name: NEW for each in target.pools}
    return select_pools(target, images, nodes_of(target) if nodes is None else nodes, run, Limits(window), MONDAY)


def skipped(pool_left_out: Pool, code: SkipReason, why: str, *, person: bool = False, **more: object) -> None:
    found = select(pool_left_out, **more)  # type: ignore[arg-type]  # arguments by name
    assert found == PoolSelection((), (Skip(pool_left_out.name, code, why, person),))


def behind(of: Pool, nodes: int = 3) -> Candidate:
    assert IMAGE is not None
    return Candidate(of, IMAGE, nodes)


def test_pools_that_are_behind_are_candidates_in_the_order_of_upgrades() -> None:
    spot, user, system = pool("a", spot=True), pool("b"), pool("c", mode="System")
    assert select(spot, user, system) == PoolSelection((behind(system), behind(user), behind(spot)), ())


def test_a_candidate_knows_its_proof_its_duration_and_its_age() -> None:
    candidate = behind(pool("a", count=4), 4)
    assert candidate.key == ImageKey(NEW, "1.34")
    assert candidate.expected_duration == timedelta(minutes=38)
    old_at = datetime(2026, 10, 29, tzinfo=UTC)
    assert not candidate.is_older_than(timedelta(days=10), old_at + timedelta(days=10))
    assert candidate.is_older_than(timedelta(days=10), old_at + timedelta(days=10, seconds=1))
    assert is_older_than(pool("a", "an-image"), timedelta(days=10), old_at)


def test_a_pool_that_this_run_has_upgraded_is_neither_a_candidate_nor_skipped() -> None:
    done = replace(RUN, finished=(StepRecord("pool.a", "a", StepState.DONE), StepRecord("pool.b", "b", StepState.LEFT)))
    assert select(pool("a"), pool("b"), run=done) == PoolSelection((behind(pool("b")),), ())


def test_a_pool_that_already_runs_the_newest_image_says_how_many_nodes_were_checked() -> None:
    skipped(pool("a", NEW), SkipReason.ALREADY_LATEST, "already runs 202611.05.0 (3 of 3 nodes checked)")


def test_a_pool_that_is_never_upgraded_says_why() -> None:
    skipped(pool(type="Flex"), SkipReason.UNSUPPORTED_POOL, "Daytwo does not know pools of type Flex", person=True)
    why = "the pool was created from a snapshot, which fixes its image"
    skipped(pool(from_snapshot=True), SkipReason.SNAPSHOT, why)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"provisioning_state": "Failed"}, "its last operation ended Failed: "),
        ({"provisioning_state": "canceled"}, "its last operation ended canceled: "),
        (
            {"provisioning_state": "Failed", "error_code": "QuotaExceeded", "error": "no cores"},
            "its last operation ended Failed with QuotaExceeded: no cores: ",
        ),
        ({"provisioning_state": "Failed", "error": "no cores"}, "its last operation ended Failed with no cores: "),
    ],
)
def test_a_pool_whose_last_operation_failed_needs_a_repair(more: dict[str, object], why: str) -> None:
    skipped(pool(**more), SkipReason.POOL_FAILED, f"{why}repair the pool before it can be upgraded", person=True)  # type: ignore[arg-type]  # fields by name


def test_the_text_of_an_error_says_that_it_was_interrupted() -> None:
    other = {"provisioning_state": "Failed", "error_code": "OperationNotAllowed"}
    interrupted = pool(error="another operation is in progress", **other)
    assert select(interrupted).candidates == (behind(interrupted),)
    failed = pool(error="the quota is exceeded", **other)
    assert select(failed).skips[0].code is SkipReason.POOL_FAILED


def test_a_pool_whose_images_were_removed_cannot_be_upgraded() -> None:
    newest = "AKSAzureLinux-V2gen2-202511.12.0"
    gone = pool("a", "AKSAzureLinux-V2gen2-202511.05.0")
    found = select(gone, newest={"a": newest})
    (skip,) = found.skips
    assert found.candidates == ()
    assert (skip.what, skip.code, skip.needs_person) == ("a", SkipReason.NO_NEWER_IMAGE, True)
    assert skip.why.startswith(
        "AKS can neither reimage nor scale it: support for Azure Linux 2 ended on 2025-11-30, "
        "and its images were removed on 2026-03-31. "
    )


@pytest.mark.parametrize("code", ["AKSOperationPreempted", "TooManyRequests", "EtagMismatch"])
def test_a_pool_whose_last_operation_was_interrupted_can_be_upgraded(code: str) -> None:
    interrupted = pool(provisioning_state="Failed", error_code=code)
    assert select(interrupted).candidates == (behind(interrupted),)


def test_a_pool_that_no_window_is_long_enough_for_is_skipped() -> None:
    why = "needs about 31 min, but no window is longer than 30 min: raise its surge or widen the window"
    skipped(pool(), SkipReason.NEVER_FITS, why, person=True, window=timedelta(minutes=30))
    assert select(pool(), window=timedelta(minutes=31)).candidates == (behind(pool()),)


def test_what_could_not_be_read_is_named() -> None:
    skipped(pool("a"), SkipReason.UNKNOWN_IMAGE, "the newest image could not be read: was not read", newest={})
    why = "odd, the newest image, is not an image name that Daytwo can parse"
    skipped(pool("a"), SkipReason.UNKNOWN_IMAGE, why, person=True, newest={"a": "odd"})
    skipped(pool("a", ""), SkipReason.UNKNOWN_IMAGE, "Azure does not report its image")
    skipped(pool("a"), SkipReason.UNKNOWN_IMAGE, "the nodes could not be read: no answer", nodes=NO_NODES)
    uncounted = pool("a", count=Unknown("not reported"))
    why = "how many nodes it has is unknown: no answer"
    skipped(uncounted, SkipReason.UNKNOWN_SIZE, why, of=cluster("shop", uncounted, running=False), nodes=NO_NODES)


def test_a_stopped_cluster_or_pool_needs_no_nodes_to_be_judged() -> None:
    asleep = cluster("shop", pool("a"), running=False)
    assert select(of=asleep, nodes=NO_NODES).candidates == (behind(pool("a")),)
    stopped = pool("a", power=Power.STOPPED)
    assert select(stopped, nodes=NO_NODES).candidates == (behind(stopped),)


def test_the_number_of_nodes_is_azures_or_else_that_of_the_api_server() -> None:
    uncounted = pool("a", count=Unknown("not reported"))
    of = cluster("shop", uncounted)
    assert select(of=of, nodes=nodes_of(of)[:2]).candidates == (behind(uncounted, 2),)
    assert nodes_in(pool("a", count=5), nodes_of(of)) == 5
    assert nodes_in(uncounted, NO_NODES) == NO_NODES


@pytest.mark.parametrize(
    ("count", "nodes", "expected"),
    [
        (3, nodes_of(cluster("shop", pool("a")))[:2], "2 of 3 nodes checked"),
        (1, nodes_of(cluster("shop", pool("a"))), "3 of 3 nodes checked"),
        (
            Unknown("?"),
            nodes_of(cluster("shop", pool("a"))),
            "3 nodes checked; Azure does not report how many there are",
        ),
        (3, NO_NODES, "as Azure reports; its nodes were not checked: no answer"),
    ],
)
def test_how_many_nodes_were_checked_is_said(
    count: int | Unknown, nodes: tuple[Node, ...] | Unknown, expected: str
) -> None:
    assert nodes_checked(pool("a", count=count), nodes) == expected


class TestOrder:
    """A pool whose newest image may be readable later keeps its place."""

    LATER, NEVER = Unknown("no answer", transient=True), Unknown("403")
    WHY = "it comes after a, whose newest image could not be read"

    def test_the_pools_after_one_that_may_be_readable_later_wait_for_it(self) -> None:
        found = select(pool("a"), pool("b"), pool("c"), newest={"a": self.LATER, "b": NEW, "c": NEW})
        assert found.candidates == ()
        assert [(skip.what, skip.why) for skip in found.skips] == [
            ("a", "the newest image could not be read: no answer"),
            ("b", self.WHY),
            ("c", self.WHY),
        ]
        assert {skip.code for skip in found.skips} == {SkipReason.UNKNOWN_IMAGE}

    def test_the_first_such_pool_is_named(self) -> None:
        found = select(pool("a"), pool("b"), pool("c"), newest={"a": self.LATER, "b": self.LATER, "c": NEW})
        assert found.skips[2].why == self.WHY

    def test_a_pool_after_it_that_is_up_to_date_is_skipped_as_such(self) -> None:
        found = select(pool("a"), pool("b", NEW), newest={"a": self.LATER, "b": NEW})
        assert found.skips[1].code is SkipReason.ALREADY_LATEST

    def test_no_pool_waits_for_one_that_is_refused_or_never_upgraded(self) -> None:
        assert select(pool("a"), pool("b"), newest={"a": self.NEVER, "b": NEW}).candidates == (behind(pool("b")),)
        for left_out in (pool("a", from_snapshot=True), pool("a", type="Flex")):
            found = select(left_out, pool("b"), newest={"a": self.LATER, "b": NEW})
            assert found.candidates == (behind(pool("b")),)


class TestUnjudged:
    """What may be readable later is named, so that the pools are judged again."""

    def unjudged(self, *pools: Pool, running: bool = True, **more: object) -> list[tuple[str, Unknown]]:
        of = cluster("shop", *pools, running=running)
        known = {"newest": {each.name: NEW for each in pools}, "nodes": nodes_of(of), "run": RUN, **more}
        return unjudged_skips(of, known["newest"], known["nodes"], known["run"])  # type: ignore[arg-type]  # arguments by name

    def test_nothing_is_missing_if_everything_was_read(self) -> None:
        assert self.unjudged(pool("a"), pool("b")) == []

    def test_the_nodes_are_missing_unless_the_cluster_is_stopped_or_no_pool_is_open(self) -> None:
        assert self.unjudged(pool("a"), nodes=NO_NODES) == [("the nodes", NO_NODES)]
        assert self.unjudged(pool("a"), nodes=NO_NODES, running=False) == []
        done = replace(RUN, finished=(StepRecord("pool.a", "a", StepState.DONE),))
        assert self.unjudged(pool("a"), nodes=NO_NODES, run=done) == []
        assert self.unjudged(pool("a", from_snapshot=True), nodes=NO_NODES) == []

    def test_each_newest_image_count_and_image_that_is_missing_is_named(self) -> None:
        gone, uncounted = Unknown("403"), Unknown("not reported")
        pools = (pool("a"), pool("b", count=uncounted), pool("c", ""))
        assert self.unjudged(*pools, newest={"a": gone, "b": NEW, "c": NEW}, nodes=NO_NODES, running=False) == [
            ("the newest image of a", gone),
            ("the number of nodes of b", NO_NODES),
            ("the image of c", NO_IMAGE),
        ]


def test_an_old_node_alone_makes_a_pool_a_candidate() -> None:
    of = cluster("shop", pool("a", NEW))
    first, *others = nodes_of(of)
    found = select(of=of, nodes=(replace(first, image_label=OLD), *others))
    assert found.candidates == (behind(pool("a", NEW)),)
