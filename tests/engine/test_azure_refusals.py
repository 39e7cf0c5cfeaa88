"""What Azure answers to an upgrade: waited for where it passes, a failure with its cause and a remedy where it does not."""

from collections.abc import Callable
from datetime import timedelta

from ops.model.run import State, StepState
from ops.ports.errors import BusyError, DeniedError, RejectedError, TryLaterError
from tests.engine.upgrading import IN_WINDOW, Operations, carry_out, world
from tests.fakes import World


def transient(by: World, after: timedelta) -> Callable[[str], None]:
    """Azure's no passes so long after the run has begun; then it does its part."""
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        if by.clock.at >= IN_WINDOW + after:
            by.clusters.refuse = None
        operations(activity)

    return meanwhile


def test_a_lost_answer_is_no_reason_for_a_second_upgrade() -> None:
    by = world()
    by.clusters.lose_answers = 1
    run, _ = carry_out(by)
    assert by.clusters.begun == ["upgrade user1"]
    assert run.state is State.DONE


def test_throttling_delays_and_fails_nothing() -> None:
    by = world()
    by.clusters.refuse = TryLaterError("429", 120)
    run, _ = carry_out(by, transient(by, timedelta(minutes=10)))
    assert run.state is State.DONE


def test_an_operation_of_somebody_else_is_waited_for() -> None:
    by = world()
    by.clusters.refuse = BusyError("OperationNotAllowed")
    run, _ = carry_out(by, transient(by, timedelta(minutes=12)))
    assert (run.state, by.clusters.begun) == (State.DONE, ["upgrade user1"])


def test_a_failed_upgrade_names_the_cause_and_begins_nothing_more() -> None:
    by = world(pools=2)
    run, _ = carry_out(by, Operations(by, failed="PodDrainFailure"))
    assert (run.state, run.code) == (State.FAILED, "PodDrainFailure")
    assert by.clusters.begun == ["upgrade user1"]
    assert run.why == "user1: the upgrade of user1 failed: PodDrainFailure: blocked by pdb web"
    assert run.remedy == "a pod could not be drained: check its PDB, then start the run again"
    assert run.steps[1].state is StepState.PLANNED


def test_a_refusal_of_azure_policy_is_final_and_says_whom_to_ask() -> None:
    by = world()
    by.clusters.refuse = RejectedError("RequestDisallowedByPolicy", "upgrading: a policy forbids it")
    run, _ = carry_out(by)
    assert (run.state, run.remedy) == (State.FAILED, "an Azure Policy forbids it: ask the policy's owner")


def test_a_missing_role_is_a_failure_that_names_the_remedy() -> None:
    by = world()
    by.clusters.refuse = DeniedError("upgrading user1: 403 AuthorizationFailed")
    run, _ = carry_out(by)
    assert (run.state, run.code) == (State.FAILED, "Denied")
    assert (
        run.remedy == "assign the role that the deployment guide names to the bot's identity, then start the run again"
    )
