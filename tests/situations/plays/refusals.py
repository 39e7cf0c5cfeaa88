"""What Azure and the API server refuse, and why."""

from ops.model.run import State
from ops.ports.errors import DeniedError, OutsideError, RejectedError
from tests.driving import AzureOperations
from tests.engine.test_refused_actions import NIGHT_HOURS, night
from tests.engine.worlds import upgrade, world_in_window, world_with_all_operations
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_MOST_A_NIGHT = 6


def _stop_refused_all_night(error: OutsideError) -> Observed:
    """Power is asked to stop a cluster, and Azure gives this answer all night."""
    world = world_with_all_operations()
    world.clusters.refuse = error
    night(world, NIGHT_HOURS)
    assert 1 <= len(world.clusters.asked) <= _MOST_A_NIGHT
    assert len([each for each in world.chat.shown.values() if "refused" in str(each["text"])]) == 1
    return observe(world)


def _upgrade_refused(error: OutsideError) -> Observed:
    world = world_in_window()
    world.clusters.refuse = error
    run = upgrade(world).record
    assert (run.state, len(world.clusters.asked)) == (State.FAILED, 1)
    assert str(error) in run.why
    return observe(world)


@situation("A lock (409 `ScopeLocked`) refuses a stop all night", Kind.REFUSED, reported=True)
def locked() -> Observed:
    return _stop_refused_all_night(
        RejectedError("ScopeLocked", "stopping shop-dev: ScopeLocked: the scope mc_rg is locked")
    )


@situation("The role for a stop is missing (403 `AuthorizationFailed`) all night", Kind.REPORTED_ONCE, reported=True)
def no_role() -> Observed:
    return _stop_refused_all_night(
        DeniedError("stopping shop-dev: AuthorizationFailed: no authorization to perform managedClusters/stop/action")
    )


@situation("The subscription is disabled (409 `ReadOnlyDisabledSubscription`)", Kind.REFUSED, reported=True)
def disabled_subscription() -> Observed:
    return _upgrade_refused(
        RejectedError(
            "ReadOnlyDisabledSubscription", "upgrading user1: ReadOnlyDisabledSubscription: marked as read only"
        )
    )


@situation("The resource group is being deleted (409 `ResourceGroupBeingDeleted`)", Kind.REFUSED, reported=True)
def group_being_deleted() -> Observed:
    return _upgrade_refused(
        RejectedError("ResourceGroupBeingDeleted", "upgrading user1: ResourceGroupBeingDeleted: rg is deprovisioning")
    )


@situation("A deny assignment refuses an upgrade (403)", Kind.REFUSED, reported=True)
def deny_assignment() -> Observed:
    return _upgrade_refused(
        RejectedError(
            "DenyAssignmentAuthorizationFailed",
            "upgrading user1: DenyAssignmentAuthorizationFailed: 'no changes' in rg",
        )
    )


@situation("An Azure Policy refuses an upgrade (403)", Kind.REFUSED, reported=True)
def policy() -> Observed:
    return _upgrade_refused(
        RejectedError("RequestDisallowedByPolicy", "upgrading user1: RequestDisallowedByPolicy: by policy 'tags'")
    )


def _upgrade_ends_with(code: str, expected: State) -> Observed:
    world = world_in_window()
    run = upgrade(world, AzureOperations(world, failed=code)).record
    assert run.state is expected
    return observe(world)


@situation("An upgrade ends `Failed` with `PodDrainFailure`", Kind.REFUSED)
def drain_failure() -> Observed:
    return _upgrade_ends_with("PodDrainFailure", State.FAILED)


@situation("An upgrade ends `Failed` with `SubnetIsFull`", Kind.REFUSED)
def subnet_full() -> Observed:
    return _upgrade_ends_with("SubnetIsFull", State.FAILED)
