"""How operations in Azure begin and end, and which reason is kept."""

from dataclasses import replace
from datetime import timedelta

from ops.model.fleet import Power
from ops.model.refusal import Answer, System
from ops.model.run import State
from ops.policy.refusals import classify
from ops.ports.errors import BusyError, RejectedError, TryLaterError, error_of
from tests.driving import AzureOperations, manual_request, start
from tests.engine.test_azure_refusals import accepts_after
from tests.engine.worlds import upgrade, world_in_window, world_with_all_operations
from tests.fakes import cluster, nodes_of, pool
from tests.fakes.fleet import OLD
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe


def _ends_with(code: str) -> Observed:
    world = world_in_window()
    run = upgrade(world, AzureOperations(world, image=OLD, failed=code, polls=40)).record
    assert run.state is not State.FAILED
    return observe(world)


@situation("An upgrade ends with `AKSOperationPreempted` each time", Kind.REFUSED, reported=True)
def preempted() -> Observed:
    return _ends_with("AKSOperationPreempted")


@situation("An upgrade ends with `SubscriptionRequestsThrottled` each time", Kind.REFUSED, reported=True)
def throttled() -> Observed:
    return _ends_with("SubscriptionRequestsThrottled")


@situation("A delete of the cluster ends its upgrade (`AKSOperationPreemptedByDelete`)", Kind.REFUSED, reported=True)
def preempted_by_delete() -> Observed:
    world = world_in_window()
    run = upgrade(world, AzureOperations(world, image=OLD, failed="AKSOperationPreemptedByDelete")).record
    assert run.code == "Gone"
    return observe(world)


@situation(
    "Azure refuses a stop, because the cluster is stopped already (400 `Power State(Stopped)`)",
    Kind.REFUSED,
    reported=True,
)
def stopped_already() -> Observed:
    world = world_with_all_operations()

    def stop(cluster_id: str) -> str:
        world.clusters.asked.append("stop")
        world.clusters.put(replace(world.clusters.fleet[cluster_id], power=Power.STOPPED))
        text = (
            "managed cluster is in Provisioning State(Succeeded) and Power State(Stopped), stopping cannot be performed"
        )
        raise error_of("stopping shop-dev", classify(Answer(System.AZURE, 400, "BadRequest", text)))

    world.clusters.begin_stop = stop  # type: ignore[method-assign]  # Azure's answer, classified as an adapter does
    run = start(world, manual_request(world, "power", "m-1")).to_end(AzureOperations(world, polls=1))
    assert (run.state, world.clusters.asked) == (State.DONE, ["stop"])
    return observe(world)


@situation(
    "A cluster of an autoscaled pool starts: Azure reports 10 nodes, and 4 are there and Ready",
    Kind.MISSING,
    reported=True,
)
def autoscaled() -> Observed:
    world = world_with_all_operations()
    world.clock.at = world.clock.at.replace(day=17, hour=10)
    scaled = pool("user1", count=10, autoscaled=True)
    world.clusters.put(cluster("shop-dev", scaled, running=False))
    world.nodes.listed["shop-dev"] = nodes_of(cluster("shop-dev", pool("user1", count=4)))
    run = start(world, manual_request(world, "power", "m-1")).to_end(AzureOperations(world, polls=1))
    assert run.state is State.DONE
    return observe(world, says=[step.evidence for step in run.finished])


@situation("An upgrade is accepted with 202, and the answer names no operation", Kind.REFUSED, reported=True)
def no_address() -> Observed:
    world = world_in_window()
    world.clusters.nameless = True
    run = upgrade(world).record
    assert (run.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])
    return observe(world)


@situation("The answer to an upgrade request is lost", Kind.LOOK_AGAIN)
def lost_answer() -> Observed:
    world = world_in_window()
    world.clusters.lose_answers = 1
    run = upgrade(world).record
    assert (run.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])
    return observe(world)


@situation("Another operation runs on the cluster when the window opens", Kind.REASON)
def busy_first() -> Observed:
    world = world_in_window()
    world.clusters.refuse = BusyError("OperationNotAllowed: Another operation is in progress")
    run = upgrade(world, accepts_after(world, timedelta(minutes=12))).record
    assert run.state is State.DONE
    return observe(world)


@situation("Azure throttles the request until the window closes", Kind.REASON)
def throttled_all_night() -> Observed:
    world = world_in_window()
    world.clusters.refuse = TryLaterError("upgrading user1: 429 TooManyRequests", 120)
    run = upgrade(world).record
    assert run.why.endswith("the last attempt ended with: upgrading user1: 429 TooManyRequests")
    return observe(world)


@situation("A lock refuses an upgrade until the window closes", Kind.REASON, reported=True)
def locked_all_night() -> Observed:
    world = world_in_window()
    world.clusters.refuse = RejectedError("ScopeLocked", "upgrading user1: ScopeLocked: the scope rg is locked")
    run = upgrade(world).record
    assert "ScopeLocked" in run.why
    assert "no window" not in run.why
    return observe(world)


@situation(
    "A start is accepted without an operation, fails, and leaves the cluster `Failed` and `Running`", Kind.MISSING
)
def failed_without_address() -> Observed:
    world = world_with_all_operations()
    world.clock.at = world.clock.at.replace(day=17, hour=10)
    world.clusters.put(cluster("shop-dev", running=False))
    world.clusters.nameless = True

    def fail(activity: str) -> None:
        if activity == "poll":
            world.clusters.put(replace(world.clusters.only, power=Power.RUNNING, provisioning_state="Failed"))

    run = start(world, manual_request(world, "power", "m-1")).to_end(fail)
    assert run.state is State.FAILED
    return observe(world)
