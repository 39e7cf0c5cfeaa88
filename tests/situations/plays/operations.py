"""How operations in Azure begin and end, and which reason is kept."""

from datetime import timedelta

from ops.model.run import State
from ops.ports.errors import BusyError, RejectedError, TryLaterError
from tests.driving import AzureOperations
from tests.engine.test_azure_refusals import accepts_after
from tests.engine.worlds import upgrade, world_in_window
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
