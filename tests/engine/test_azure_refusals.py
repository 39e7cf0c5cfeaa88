"""Azure errors during an upgrade: transient ones delay the run, permanent ones fail it with a cause and a remedy."""

from collections.abc import Callable
from datetime import timedelta

from ops.model.run import State, StepState
from ops.ports.errors import BusyError, DeniedError, RejectedError, TryLaterError
from ops.tables.conditions import open_conditions
from tests.driving import IN_WINDOW, AzureOperations
from tests.engine.worlds import upgrade, world_in_window
from tests.fakes import World


def accepts_after(world: World, delay: timedelta) -> Callable[[str], None]:
    """Azure starts to accept requests when the run has lasted this long."""
    operations = AzureOperations(world)

    def meanwhile(activity: str) -> None:
        if world.clock.at >= IN_WINDOW + delay:
            world.clusters.refuse = None
        operations(activity)

    return meanwhile


def test_a_lost_response_does_not_cause_a_second_upgrade() -> None:
    world = world_in_window()
    world.clusters.lose_answers = 1
    run = upgrade(world).record
    assert world.clusters.begun == ["upgrade user1"]
    assert run.state is State.DONE


def test_throttling_delays_an_upgrade_but_does_not_fail_it() -> None:
    world = world_in_window()
    world.clusters.refuse = TryLaterError("429", 120)
    run = upgrade(world, accepts_after(world, timedelta(minutes=10))).record
    assert run.state is State.DONE


def test_an_upgrade_waits_for_an_operation_that_daytwo_did_not_start() -> None:
    world = world_in_window()
    world.clusters.refuse = BusyError("OperationNotAllowed")
    run = upgrade(world, accepts_after(world, timedelta(minutes=12))).record
    assert (run.state, world.clusters.begun) == (State.DONE, ["upgrade user1"])


def test_a_failed_upgrades_cause_is_reported_and_the_next_pool_does_not_begin() -> None:
    world = world_in_window(pools=2)
    run = upgrade(world, AzureOperations(world, failed="PodDrainFailure")).record
    assert (run.state, run.code) == (State.FAILED, "PodDrainFailure")
    assert world.clusters.begun == ["upgrade user1"]
    assert run.why == "user1: the upgrade of user1 failed: PodDrainFailure: blocked by pdb web"
    assert run.remedy == "a pod could not be drained: check its PDB, then start the run again"
    assert run.steps[1].state is StepState.PLANNED


def test_a_rejection_by_azure_policy_fails_the_run_and_names_the_contact() -> None:
    world = world_in_window()
    world.clusters.refuse = RejectedError("RequestDisallowedByPolicy", "upgrading: a policy forbids it")
    run = upgrade(world).record
    assert (run.state, run.remedy) == (
        State.FAILED,
        "an Azure Policy forbids it, and no role helps: ask the policy's owner",
    )
    (condition,) = open_conditions(world.store)
    assert (condition.remedy, condition.target) == (run.remedy, run.target)


def test_a_missing_role_fails_the_run_and_names_the_remedy() -> None:
    world = world_in_window()
    world.clusters.refuse = DeniedError("upgrading user1: 403 AuthorizationFailed")
    run = upgrade(world).record
    assert (run.state, run.code) == (State.FAILED, "Denied")
    assert run.remedy == "assign the role from the deployment guide to the bot's identity, then start the run again"
