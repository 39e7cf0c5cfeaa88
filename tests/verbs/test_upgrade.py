"""Upgrading a pool's node image, call by call (docs/node-image.md, rules 15 and 16)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import Cluster, Node, Power, Unknown
from ops.model.outcome import Done, Pending, Progress, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.ports.azure import OperationStatus
from ops.ports.errors import DeniedError, NotFoundError, RejectedError, TryLaterError
from ops.tables.base import store_key
from ops.tables.overrides import Override, overrides
from ops.verbs.contract import StepContext
from ops.verbs.upgrade_node_image import VERB
from tests.driving import NIGHT
from tests.fakes import NEW, NEWER, OLD, World, cluster, nodes_of, pool
from tests.verbs.steps import INTENDED, MINUTE, context, world_of

PARAMS = {"pool": "user1", "image": NEW, "from": OLD}
BEHIND, UPGRADED = cluster("shop-dev", pool()), cluster("shop-dev", pool(image=NEW))
SOON, LATER = NIGHT + 3 * MINUTE, NIGHT + 5 * MINUTE
DONE = "3 of 3 nodes run 202611.05.0 and are Ready; Azure reports it for the pool"


def step(world: World, image: str = NEW, **record: object) -> StepContext:
    return context(world, {**PARAMS, "image": image}, **record)  # type: ignore[arg-type]  # fields by name


def with_pool(**more: object) -> Cluster:
    return cluster("shop-dev", pool(**more))  # type: ignore[arg-type]  # fields by name


def world_with(of: Cluster, *nodes: Node) -> World:
    world = world_of(of)
    if nodes:
        world.nodes.listed["shop-dev"] = nodes
    return world


def labeled(*images: str, of: Cluster = UPGRADED) -> tuple[Node, ...]:
    """The pool's nodes with these images."""
    return tuple(replace(node, image_label=image) for node, image in zip(nodes_of(of), images, strict=False))


LOST = [
    (cluster("shop-dev", pool("other")), "the pool user1 no longer exists", FailureCode.GONE),
    (cluster("shop-dev", pool(type="Flex")), "Daytwo does not know pools of type Flex", ""),
    (cluster("shop-dev", pool(), automatic=True), "AKS upgrades this cluster now", FailureCode.TAKEN_OVER),
    (cluster("shop-dev", pool(), running=False), "the cluster is stopped", FailureCode.STOPPED),
]
CHECK_CLUSTER = "check the cluster, then start the run again"


@pytest.mark.parametrize(("of", "why", "code"), LOST)
def test_a_pool_that_daytwo_can_no_longer_upgrade_ends_the_step(of: Cluster, why: str, code: str) -> None:
    assert VERB.check(step(world_of(of))) == Stale(why, code=code)
    refused = Refused(code, why, CHECK_CLUSTER)
    assert VERB.poll(step(world_of(of))) == refused
    assert VERB.verify(step(world_of(of))) == refused


def test_a_cluster_that_no_longer_exists_ends_the_step() -> None:
    world = world_of(BEHIND)
    task = step(world)
    world.clusters.fleet.clear()
    gone = "the cluster no longer exists"
    assert VERB.check(task) == Stale(gone, code=FailureCode.GONE)
    assert VERB.verify(task) == Refused(FailureCode.GONE, gone, CHECK_CLUSTER)


class TestCheck:
    """The cluster is read in the same attempt, and an upgrade begins only to the newest image."""

    @pytest.mark.parametrize(
        ("of", "record", "expected"),
        [
            (BEHIND, {}, Ready()),
            (with_pool(provisioning_state="Upgrading"), {"state": INTENDED}, Pending("", SOON)),
            (
                with_pool(provisioning_state="Upgrading"),
                {},
                Stale("another operation is running on the cluster", LATER),
            ),
            (
                replace(BEHIND, provisioning_state="Updating"),
                {"state": INTENDED},
                Stale("another operation is running on the cluster", LATER),
            ),
            (
                replace(BEHIND, power=Power.UNKNOWN),
                {},
                Stale("Azure does not report whether the cluster is running", LATER),
            ),
        ],
    )
    def test_nothing_begins_during_another_operation_or_on_an_unknown_state(
        self, of: Cluster, record: dict[str, object], expected: object
    ) -> None:
        assert VERB.check(context(world_of(of), PARAMS, **record)) == expected  # type: ignore[arg-type]  # fields by name

    def test_a_cluster_that_a_person_skips_is_not_upgraded(self) -> None:
        world = world_of(BEHIND)
        key = f"skip|{store_key(BEHIND.id)}"
        overrides(world.store).change(key, lambda _: Override("skip", NIGHT + MINUTE, "ana", NIGHT))
        assert VERB.check(step(world)) == Stale("a person has skipped it until Mon 2026-11-16 23:01 UTC")
        overrides(world.store).change(key, lambda _: Override("skip", NIGHT, "ana", NIGHT))
        assert VERB.check(step(world)) == Ready()

    def test_a_pool_that_someone_has_upgraded_meanwhile_is_done(self) -> None:
        assert VERB.check(step(world_of(UPGRADED))) == Done(DONE)

    @pytest.mark.parametrize(
        "nodes",
        [labeled(NEW, NEW, OLD), labeled(NEW, NEW), (Node("x", "other", NEW, ready=True),)],
        ids=["one is old", "one is missing", "none"],
    )
    def test_a_pool_that_is_upgraded_in_part_is_upgraded(self, nodes: tuple[Node, ...]) -> None:
        assert VERB.check(step(world_with(UPGRADED, *nodes))) == Ready()

    def test_nodes_that_arm_does_not_list_do_not_complete_an_upgrade(self) -> None:
        first, *others = labeled(NEW, NEW, NEW)
        foreign = replace(first, provider_id="azure:///elsewhere")
        assert VERB.check(step(world_with(UPGRADED, foreign, *others))) == Ready()

    def test_an_upgrade_does_not_begin_if_its_image_is_not_the_newest_or_unknown(self) -> None:
        world = world_of(BEHIND)
        world.clusters.newest = NEWER
        assert VERB.check(step(world)) == Stale(f"{NEWER} was released in the meantime; the plan was for {NEW}")
        world.clusters.newest = Unknown("403")
        assert VERB.check(step(world)) == Stale("the newest image of user1 could not be read: 403", LATER)

    def test_nodes_that_may_not_be_read_do_not_stop_the_check(self) -> None:
        world = world_of(UPGRADED)
        world.nodes.refuse["nodes"] = RejectedError("x", "403")
        assert VERB.check(step(world)) == Ready()

    def test_an_image_with_another_format_is_upgraded_if_it_is_the_newest(self) -> None:
        world = world_of(UPGRADED)
        world.clusters.newest = "odd"
        assert VERB.check(step(world, "odd")) == Ready()


def test_the_upgrade_is_requested_once() -> None:
    world = world_of(BEHIND)
    assert VERB.begin(step(world)) == Pending("operation/1", SOON)
    assert world.clusters.begun == ["upgrade user1"]


class TestPoll:
    """The operation, or else the pool, says how it ended. The nodes are counted for display."""

    def polled(self, of: Cluster, *nodes: Node, status: OperationStatus | None = None, **record: object) -> object:
        world = world_with(of, *nodes)
        if status is not None:
            world.clusters.states["t"] = status
            record = {"token": "t", **record}
        return VERB.poll(context(world, PARAMS, **record))  # type: ignore[arg-type]  # fields by name

    def test_an_operation_is_followed_with_the_nodes_that_run_the_image(self) -> None:
        nodes = (*labeled(NEW, OLD), replace(labeled(NEW)[0], ready=False))
        found = self.polled(BEHIND, *nodes, status=OperationStatus("running"))
        assert found == Pending("t", SOON, Progress(1, 3))
        ended = "Azure reports that the upgrade of user1 has ended"
        assert self.polled(BEHIND, *labeled(NEW, NEW), status=OperationStatus("succeeded")) == Done(
            ended, Progress(2, 3)
        )

    @pytest.mark.parametrize(
        ("of", "progress"),
        [
            (with_pool(count=2), Progress(2, 2)),
            (with_pool(count=Unknown("not reported")), Progress(3, 3)),
            (cluster("shop-dev", pool("other")), None),
        ],
    )
    def test_more_nodes_than_azure_reports_are_not_counted(self, of: Cluster, progress: Progress | None) -> None:
        found = self.polled(of, *labeled(NEW, NEW, NEW), status=OperationStatus("running"))
        assert found == Pending("t", SOON, progress)

    @pytest.mark.parametrize("error", [RejectedError("x", "403"), TryLaterError("429"), DeniedError("403")])
    def test_nodes_that_cannot_be_counted_do_not_stop_the_poll(self, error: Exception) -> None:
        world = world_of(BEHIND)
        world.clusters.states["t"] = OperationStatus("running")
        world.nodes.refuse["nodes"] = error  # type: ignore[assignment]  # a port's error
        assert VERB.poll(step(world, token="t")) == Pending("t", SOON)

    def test_an_image_with_another_format_is_not_counted(self) -> None:
        world = world_of(BEHIND)
        world.clusters.states["t"] = OperationStatus("running")
        assert VERB.poll(step(world, "odd", token="t")) == Pending("t", SOON)

    def test_without_an_operation_the_pool_decides_after_ten_minutes(self) -> None:
        began = NIGHT - 10 * MINUTE
        zero = Progress(0, 3)
        assert self.polled(BEHIND) == Pending("", SOON, zero)
        assert self.polled(BEHIND, began=began + timedelta(seconds=1)) == Pending("", SOON, zero)
        busy = with_pool(provisioning_state="Upgrading")
        assert self.polled(busy, began=began) == Pending("", SOON, zero)
        assert self.polled(BEHIND, began=began) == Done("Azure reports the pool as Succeeded", zero)

    @pytest.mark.parametrize(
        ("of", "expected"),
        [
            (
                with_pool(provisioning_state="Failed", error_code="SubnetIsFull", error="no address"),
                Refused(
                    "SubnetIsFull",
                    "the upgrade of user1 failed: SubnetIsFull: no address",
                    "the subnet has no address for a surge node: free addresses or enlarge the subnet",
                ),
            ),
            (
                with_pool(provisioning_state="Failed"),
                Refused(
                    "UpgradeFailed",
                    "the upgrade of user1 failed: UpgradeFailed: Azure reports the pool as Failed",
                    "fix the cause that AKS names above (often a PDB), then start the run again",
                ),
            ),
            (
                with_pool(provisioning_state="Canceled", error_code="AKSOperationPreempted"),
                Stale(
                    "the upgrade of user1 was interrupted: AKSOperationPreempted: Azure reports the pool as Canceled",
                    LATER,
                ),
            ),
        ],
    )
    def test_the_end_of_a_pools_operation_has_azures_words(self, of: Cluster, expected: object) -> None:
        assert self.polled(of, began=NIGHT - 10 * MINUTE) == expected


CAUSE = "Azure reports user1 as upgraded, but after 20 minutes "
ADVICE = "check these nodes; the image is not used elsewhere until a run has verified it"


class TestVerify:
    """Every node that ARM lists runs the image and is Ready, and Azure reports the image for the pool."""

    def missing(
        self, of: Cluster, *nodes: Node, image: str = NEW, change: Callable[[World], None] | None = None
    ) -> str:
        world = world_with(of, *nodes)
        if change is not None:
            change(world)
        assert VERB.verify(step(world, image, token="t")) == Pending("t", SOON)
        late = NIGHT - 20 * MINUTE
        assert VERB.verify(step(world, image, verifying_since=late + timedelta(seconds=1))) == Pending("", SOON)
        found = VERB.verify(step(world, image, verifying_since=late))
        assert isinstance(found, Refused)
        assert (found.code, found.remedy, found.cause[: len(CAUSE)]) == (FailureCode.NOT_VERIFIED, ADVICE, CAUSE)
        return found.cause.removeprefix(CAUSE)

    def test_an_upgraded_pool_is_verified(self) -> None:
        assert VERB.verify(step(world_of(UPGRADED))) == Done(DONE, Progress(3, 3))

    def test_what_is_missing_is_said_after_twenty_minutes(self) -> None:
        one, two, three = labeled(NEW, NEW, NEW)
        assert self.missing(UPGRADED, *labeled(NEW, OLD, OLD)) == (
            "aks-user1-1 does not run 202611.05.0; aks-user1-2 does not run 202611.05.0"
        )
        assert self.missing(UPGRADED, one, two, replace(three, ready=False)) == "aks-user1-2 is not Ready"
        old = replace(labeled(OLD)[0], ready=False)
        assert self.missing(UPGRADED, old, two, three) == "aks-user1-0 does not run 202611.05.0"
        assert self.missing(UPGRADED, one, two) == "only 2 of 3 nodes are registered"
        assert self.missing(UPGRADED, Node("x", "other", NEW, ready=True)) == "it has no nodes"
        labels = "its nodes are labeled 202611.05.0, but Azure reports "
        assert self.missing(BEHIND, one, two, three) == f"{labels}{OLD} for the pool"
        assert self.missing(with_pool(image=""), one, two, three) == f"{labels}no image for the pool"

    @pytest.mark.parametrize("error", [DeniedError("no role"), NotFoundError("no role"), RejectedError("x", "no role")])
    def test_nodes_and_machines_that_may_not_be_read_are_missing(self, error: Exception) -> None:
        def change(world: World) -> None:
            world.clusters.refuse_machines = error  # type: ignore[assignment]  # a port's error

        assert self.missing(UPGRADED, change=change) == "its nodes or machines could not be read: no role"

    def test_an_image_with_another_format_cannot_be_verified(self) -> None:
        assert self.missing(UPGRADED, image="odd") == "the name of the planned image cannot be read"

    def test_only_machines_that_arm_lists_count_whatever_the_nodes_labels_say(self) -> None:
        one, two, three = labeled(NEW, NEW, NEW)
        elsewhere = replace(three, pool="other")
        assert VERB.verify(step(world_with(UPGRADED, one, two, elsewhere))) == Done(DONE, Progress(3, 3))
        foreign = replace(three, provider_id="azure:///elsewhere", image_label=OLD)
        assert self.missing(UPGRADED, one, two, foreign) == "only 2 of 3 nodes are registered"

    def test_without_a_count_the_listed_machines_are_counted(self) -> None:
        of = with_pool(image=NEW, count=Unknown("not reported"))
        assert VERB.verify(step(world_of(of))) == Done(DONE, Progress(3, 3))
        assert self.missing(of, *labeled(NEW, NEW)) == "only 2 of 3 nodes are registered"

    def test_the_number_of_spot_nodes_does_not_count(self) -> None:
        of = with_pool(image=NEW, spot=True)
        found = VERB.verify(step(world_with(of, *labeled(NEW, NEW))))
        assert found == Done(
            "2 of 3 nodes run 202611.05.0 and are Ready; Azure reports it for the pool", Progress(2, 2)
        )

    def test_a_pool_without_nodes_is_verified_by_what_azure_reports(self) -> None:
        empty = with_pool(image=NEW, count=0)
        assert VERB.verify(step(world_of(empty))) == Done("the pool has no nodes and is set to 202611.05.0")
        assert self.missing(with_pool(count=0)) == "it has no nodes"

    def test_a_spot_pool_whose_nodes_were_all_evicted_is_verified_by_what_azure_reports(self) -> None:
        evicted = with_pool(image=NEW, spot=True)
        found = VERB.verify(step(world_with(evicted, Node("x", "other", NEW, ready=True))))
        assert found == Done("the pool has no nodes and is set to 202611.05.0")
        behind = with_pool(spot=True)
        assert self.missing(behind, Node("x", "other", NEW, ready=True)) == "it has no nodes"

    def test_a_newer_image_on_every_node_counts_and_is_reported(self) -> None:
        of = with_pool(image=NEWER)
        assert VERB.verify(step(world_of(of))) == Done(
            "3 of 3 nodes run 202611.12.0 and are Ready; Azure reports it for the pool; "
            "it was released between the check and the call; the plan was for 202611.05.0: not proven yet",
            Progress(3, 3),
        )

    @pytest.mark.parametrize(
        "images",
        [(NEWER, NEW, NEW), (OLD, OLD, OLD), ("AKSAzureLinux-V3gen2-202611.12.0",) * 3, ("odd",) * 3],
        ids=["not on every node", "older", "another family", "odd"],
    )
    def test_another_image_does_not_count(self, images: tuple[str, ...]) -> None:
        assert "does not run 202611.05.0" in self.missing(with_pool(image=images[0]), *labeled(*images))


def test_the_evidence_says_how_many_nodes_are_ready() -> None:
    one, two, three = labeled(NEW, NEW, NEW)
    world = world_with(UPGRADED, one, two, replace(three, ready=False))
    assert VERB.check(step(world)) == Done(
        "3 of 3 nodes run 202611.05.0 and 2 of them are Ready; Azure reports it for the pool"
    )
    more = world_of(with_pool(image=NEW, count=2))
    assert VERB.check(step(more)) == Done("2 of 2 nodes run 202611.05.0 and are Ready; Azure reports it for the pool")


def test_an_upgrade_cannot_be_undone_and_a_cancelled_run_finishes_it() -> None:
    assert (VERB.undo, VERB.on_cancel) == ("", "finish")
