"""Restarting a node's machine, call by call (docs/reboot.md, rule 7)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ops.model.fleet import CORDON_STAMP
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.ports.azure import OperationStatus
from ops.ports.errors import BusyError, NotFoundError, RejectedError, TryLaterError
from ops.verbs.contract import StepContext
from ops.verbs.restart_node import VERB
from tests.driving import NIGHT
from tests.fakes import World, cluster, nodes_of, pool
from tests.verbs.steps import INTENDED, MINUTE, context, world_of

NAME = "aks-user1-1"
OURS = cluster("shop-dev", pool("user1"), pool("user2"))
PARAMS = {"node": NAME, "uid": f"uid-{NAME}", "run": "r1", "boot_id": "before", "annotation": "reboot"}
GONE = f"the node {NAME} no longer exists"
UNCORDONED = Refused(
    FailureCode.UNCORDONED,
    f"{NAME} was uncordoned by someone else",
    "find out who changed the cordon; start the run again once the node may be drained",
)
LOOK = NIGHT + MINUTE


def world_with(**change: object) -> World:
    """A world in which the node is cordoned by the run, and differs in these fields."""
    world = world_of(OURS)
    world.nodes.listed["shop-dev"] = nodes_of(OURS)
    world.nodes.change(
        NAME, **{"unschedulable": True, "annotations": {CORDON_STAMP: "r1"}, "boot_id": "before", **change}
    )
    return world


def without_node() -> World:
    world = world_with()
    world.nodes.listed["shop-dev"] = tuple(node for node in nodes_of(OURS) if node.name != NAME)
    return world


def step(world: World, **record: object) -> StepContext:
    return context(world, PARAMS, **record)  # type: ignore[arg-type]  # fields by name


class TestCheck:
    """Whether the restart is still needed and allowed."""

    def test_a_cordoned_node_that_has_not_rebooted_is_restarted(self) -> None:
        assert VERB.check(step(world_with())) == Ready()

    def test_a_node_that_is_gone_or_not_named_by_its_uid_is_not_restarted(self) -> None:
        assert VERB.check(step(without_node())) == Stale(GONE)
        old = {key: value for key, value in PARAMS.items() if key != "uid"}
        assert VERB.check(context(world_with(), old)) == Stale(
            "the plan does not say which node it means: it was made by an earlier version"
        )

    def test_a_node_that_has_rebooted_or_may_be_rebooting_is_observed(self) -> None:
        assert VERB.check(step(world_with(boot_id="after"))) == Pending("", LOOK)
        assert VERB.check(step(world_with(ready=False), state=INTENDED)) == Pending("", LOOK)
        assert VERB.check(step(world_with(ready=False))) == Ready()

    def test_a_request_that_may_have_been_made_gets_ten_minutes_to_show(self) -> None:
        for began in (None, NIGHT - timedelta(minutes=9, seconds=59)):
            with pytest.raises(TryLaterError, match=f"a restart of {NAME} may have been requested"):
                VERB.check(step(world_with(), state=INTENDED, began=began))
        assert VERB.check(step(world_with(), state=INTENDED, began=NIGHT - 10 * MINUTE)) == Ready()

    def test_a_node_without_the_runs_cordon_or_a_busy_cluster_is_not_restarted(self) -> None:
        assert VERB.check(step(world_with(unschedulable=False))) == UNCORDONED
        world = world_with()
        world.clusters.put(replace(OURS, provisioning_state="Updating"))
        assert VERB.check(step(world)) == Stale("another operation is running on the cluster", NIGHT + 5 * MINUTE)


class TestBegin:
    """The machine is confirmed by ARM in the same attempt."""

    def test_the_confirmed_machine_is_restarted_once(self) -> None:
        world = world_with()
        assert VERB.begin(step(world)) == Pending("restart/1", LOOK)
        assert world.machines.restarted == [NAME]

    def test_nothing_is_restarted_if_the_node_is_gone_uncordoned_or_not_confirmed(self) -> None:
        world = without_node()
        assert VERB.begin(step(world)) == Stale(GONE)
        uncordoned = world_with(unschedulable=False)
        assert VERB.begin(step(uncordoned)) == UNCORDONED
        foreign = world_with(provider_id="azure:///elsewhere")
        assert VERB.begin(step(foreign)) == Refused(
            FailureCode.NOT_CONFIRMED,
            f"{NAME} is not restarted: its provider ID does not name a virtual machine: 'azure:///elsewhere'",
            (
                "find out who has registered this node in the cluster and why; "
                "Daytwo restarts only the cluster's own machines"
            ),
        )
        assert [each.machines.restarted for each in (world, uncordoned, foreign)] == [[], [], []]

    def test_a_pool_that_cannot_be_read_matters_only_if_it_may_be_the_nodes(self) -> None:
        world = world_with()
        world.clusters.refuse_pools[OURS.id, "user2"] = TryLaterError("429")
        assert VERB.begin(step(world)) == Pending("restart/1", LOOK)
        world = world_with()
        world.clusters.refuse_pools[OURS.id, "user2"] = NotFoundError("404")
        assert VERB.begin(step(world)) == Pending("restart/1", LOOK)

    @pytest.mark.parametrize(
        ("error", "wait_s"), [(TryLaterError("reading: 429", 90), 90), (NotFoundError("reading: 429"), 60)]
    )
    def test_the_restart_is_retried_if_the_machines_of_its_pool_cannot_be_read(
        self, error: TryLaterError | NotFoundError, wait_s: float
    ) -> None:
        world = world_with()
        world.clusters.refuse_pools[OURS.id, "user1"] = error
        with pytest.raises(TryLaterError) as raised:
            VERB.begin(step(world))
        assert str(raised.value) == f"the machine of {NAME} could not be read: reading: 429"
        assert raised.value.retry_after_s == wait_s

    def test_the_machines_of_a_pool_that_daytwo_does_not_know_are_not_read(self) -> None:
        world = world_with()
        world.clusters.put(cluster("shop-dev", pool("user1"), pool("user2", type="Flex")))
        world.clusters.refuse_pools[OURS.id, "user2"] = RejectedError("x", "not supported")
        assert VERB.begin(step(world)) == Pending("restart/1", LOOK)

    def test_a_busy_machine_is_asked_again_for_half_an_hour(self) -> None:
        world = world_with()
        world.machines.refuse = BusyError("409")
        with pytest.raises(TryLaterError) as raised:
            VERB.begin(step(world, began=NIGHT - 30 * MINUTE + timedelta(seconds=1)))
        assert (str(raised.value), raised.value.retry_after_s) == ("409", 300)
        assert VERB.begin(step(world, began=NIGHT - 30 * MINUTE)) == Refused(
            "StaysBusy",
            "Azure did not accept the restart for 30 minutes: 409",
            "find out what Azure is doing with the machine, in its activity log",
        )


def test_the_operation_is_polled_every_minute() -> None:
    world = world_with()
    world.clusters.states["t"] = OperationStatus("running")
    assert VERB.poll(step(world, token="t")) == Pending("t", LOOK)
    world.clusters.states["t"] = OperationStatus("succeeded")
    ended = f"Azure reports that the restart of {NAME} has ended"
    assert VERB.poll(step(world, token="t")) == Done(ended)
    assert VERB.poll(step(world)) == Done("the restart of the machine was requested")


class TestVerify:
    """The bootID has changed, the node is Ready, and nothing requires a reboot anymore."""

    def test_a_node_that_has_rebooted_is_verified_with_who_confirms_it(self) -> None:
        world = world_with(boot_id="after", annotations={})
        done = f"{NAME} has rebooted and is Ready; "
        assert VERB.verify(step(world, token="t")) == Done(f"{done}Azure reports that the restart has ended")
        assert VERB.verify(step(world)) == Done(
            f"{done}only its API server confirms this: Azure's answer to the request was lost"
        )

    @pytest.mark.parametrize(
        ("world", "missing"),
        [
            (world_with(), "its bootID has not changed"),
            (world_with(boot_id="after", ready=False), "it is not Ready"),
            (world_with(boot_id="after", annotations={"reboot": "yes"}), "it still requires a reboot"),
            (without_node(), GONE),
        ],
        ids=["bootID", "Ready", "annotation", "gone"],
    )
    def test_what_is_missing_is_verified_again_for_twenty_minutes(self, world: World, missing: str) -> None:
        assert VERB.verify(step(world, token="t")) == Pending("t", LOOK)
        late = NIGHT - 20 * MINUTE
        assert VERB.verify(step(world, verifying_since=late + timedelta(seconds=1))) == Pending("", LOOK)
        assert VERB.verify(step(world, verifying_since=late)) == Refused(
            FailureCode.NOT_VERIFIED,
            f"{NAME} was restarted, but after 20 minutes {missing}",
            "check the node; its cordon is removed, so pods can be scheduled on it once it is Ready",
        )


def test_a_restart_cannot_be_undone_and_a_cancelled_run_finishes_it() -> None:
    assert (VERB.undo, VERB.on_cancel) == ("", "finish")
