"""Starting and stopping a cluster, call by call (docs/power.md, rules 5 and 8)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from ops.model.fleet import Cluster, Node, Power, Unknown
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.run import StepState
from ops.ports.azure import OperationStatus
from ops.ports.errors import AlreadyError, BusyError, RejectedError, TryLaterError
from ops.tables.base import store_key
from ops.tables.overrides import Override, overrides
from ops.tables.power import note_power_change, power_changed
from ops.verbs.contract import StepContext
from ops.verbs.start_cluster import VERB as START
from ops.verbs.start_cluster import StartCluster
from ops.verbs.stop_cluster import VERB as STOP
from ops.verbs.stop_cluster import StopCluster
from tests.driving import NIGHT
from tests.fakes import World, cluster, nodes_of, pool
from tests.verbs.steps import INTENDED, MINUTE, context, world_of

RUNNING, STOPPED, UNKNOWN = cluster(), cluster(running=False), cluster(power=Power.UNKNOWN)
SOON, LATER = NIGHT + timedelta(minutes=3), NIGHT + timedelta(minutes=5)
ADVICE = "find the operation in the activity log, fix the cause, then start the run again"

type Verb = StartCluster | StopCluster


def busy(of: Cluster) -> Cluster:
    return replace(of, provisioning_state="Updating")


@dataclass(frozen=True)
class Operation:
    """A verb, a cluster on which it can begin, what it is called, and the state that it wants."""

    verb: Verb
    of: Cluster
    what: str
    state: str

    @property
    def wanted(self) -> Cluster:
        return RUNNING if self.state == "running" else STOPPED


OPERATIONS = (Operation(START, STOPPED, "the start", "running"), Operation(STOP, RUNNING, "the stop", "stopped"))
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.what)


@pytest.mark.parametrize(
    ("verb", "of", "record", "expected"),
    [
        (START, STOPPED, {}, Ready()),
        (START, RUNNING, {}, Stale("the cluster was started by someone else in the meantime")),
        (START, UNKNOWN, {}, Stale("Azure does not report whether the cluster is running", LATER)),
        (START, busy(STOPPED), {}, Stale("another operation is running on the cluster", LATER)),
        (START, busy(STOPPED), {"state": INTENDED}, Pending("", SOON)),
        (START, RUNNING, {"state": INTENDED}, Pending("", SOON)),
        (START, UNKNOWN, {"state": INTENDED}, Pending("", SOON)),
        (START, STOPPED, {"state": INTENDED}, Ready()),
        (STOP, RUNNING, {}, Ready()),
        (STOP, STOPPED, {}, Done("the cluster is stopped")),
        (STOP, UNKNOWN, {}, Stale("Azure does not report whether the cluster is running", LATER)),
        (STOP, UNKNOWN, {"state": INTENDED}, Pending("", SOON)),
        (STOP, busy(RUNNING), {}, Stale("another operation is running on the cluster", LATER)),
        (STOP, busy(RUNNING), {"state": INTENDED}, Pending("", SOON)),
        (
            STOP,
            busy(RUNNING),
            {"state": INTENDED, "token": "t"},
            Stale("another operation is running on the cluster", LATER),
        ),
        (STOP, RUNNING, {"state": INTENDED}, Ready()),
    ],
)
def test_a_step_begins_only_on_a_known_state_without_another_operation(
    verb: Verb, of: Cluster, record: dict[str, object], expected: object
) -> None:
    assert verb.check(context(world_of(of), **record)) == expected  # type: ignore[arg-type]  # fields by name


def test_an_undo_that_may_have_begun_is_observed() -> None:
    world = world_of(busy(RUNNING))
    assert STOP.check(context(world, undo=True, state=StepState.UNDOING)) == Pending("", SOON)


def test_an_undo_of_a_stop_is_done_if_the_cluster_runs() -> None:
    assert START.check(context(world_of(RUNNING), undo=True)) == Done("the cluster is running")


@pytest.mark.parametrize(("verb", "of"), [(START, STOPPED), (STOP, RUNNING)])
def test_aks_requires_a_pause_after_a_change_of_power(verb: Verb, of: Cluster) -> None:
    world = world_of(of)
    note_power_change(world.store, of.id, NIGHT - 14 * MINUTE)
    why = "AKS requires a pause between a stop and a start"
    assert verb.check(context(world)) == Stale(why, NIGHT + MINUTE)
    note_power_change(world.store, of.id, NIGHT - 15 * MINUTE)
    assert verb.check(context(world)) == Ready()


def keep_awake(world: World, minutes: int) -> None:
    override = Override("awake", NIGHT + minutes * MINUTE, "ana", NIGHT)
    overrides(world.store).change(f"awake|{store_key(RUNNING.id)}", lambda _: override)


def test_a_cluster_that_a_person_keeps_awake_is_not_stopped() -> None:
    world = world_of(RUNNING)
    keep_awake(world, 60)
    assert STOP.check(context(world)) == Stale("a person is keeping it awake until Tue 00:00 UTC")
    kept = Done("a person is keeping it awake until Tue 00:00 UTC, so it is not stopped")
    assert STOP.check(context(world, undo=True)) == kept
    keep_awake(world, 0)
    assert STOP.check(context(world)) == Ready()
    assert STOP.check(context(world, undo=True)) == Ready()


def test_a_cluster_that_its_schedule_keeps_awake_by_now_is_not_stopped_by_the_undo_of_its_start() -> None:
    """A window for images that is open when people begin to work."""
    world = world_of(RUNNING)
    awake = {"awake": "mon 20:00-23:30 UTC"}
    kept = Done("its schedule keeps it awake until Mon 23:30 UTC, so it is not stopped")
    assert STOP.check(context(world, awake, undo=True)) == kept
    assert STOP.check(context(world, awake)) == Ready()
    assert STOP.check(context(world, {"awake": "mon 20:00-23:00 UTC"}, undo=True)) == Ready()
    assert STOP.check(context(world, {}, undo=True)) == Ready()


@each_operation
class TestBegin:
    """The one call that begins the operation."""

    def test_the_token_is_polled_three_minutes_later(self, operation: Operation) -> None:
        world = world_of(operation.of)
        assert operation.verb.begin(context(world)) == Pending("operation/1", SOON)
        assert world.clusters.begun == [operation.what.removeprefix("the ")]

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            (BusyError("409: busy"), Stale("409: busy", LATER)),
            (AlreadyError("it is so"), Pending("", NIGHT)),
            (
                RejectedError("ScopeLocked", "the scope is locked"),
                Refused("ScopeLocked", "the scope is locked", "remove the lock, or ask its owner", lasting=True),
            ),
            (RejectedError("Odd", "odd"), Refused("Odd", "odd", ADVICE, lasting=True)),
            (RejectedError("EtagMismatch", "odd"), Refused("EtagMismatch", "odd", ADVICE, lasting=True)),
            (
                RejectedError("OperationNotAllowed", "the quota is exceeded"),
                Refused(
                    "OperationNotAllowed",
                    "the quota is exceeded",
                    "the quota is too low: raise it, or lower maxSurge",
                    lasting=True,
                ),
            ),
        ],
    )
    def test_a_refusal_is_a_result(self, operation: Operation, error: Exception, expected: object) -> None:
        world = world_of(operation.of)
        world.clusters.refuse = error  # type: ignore[assignment]  # a port's error
        assert operation.verb.begin(context(world)) == expected
        assert world.clusters.asked == [operation.what.removeprefix("the ")]


def polled(operation: Operation, of: Cluster, status: OperationStatus | None, **record: object) -> object:
    world = world_of(of)
    if status is not None:
        world.clusters.states["t"] = status
        record = {"token": "t", **record}
    return operation.verb.poll(context(world, **record))  # type: ignore[arg-type]  # fields by name


@each_operation
class TestPoll:
    """The operation says how it ended; without it, or if something else has ended it, the cluster decides."""

    def test_an_operation_is_followed_to_its_end(self, operation: Operation) -> None:
        assert polled(operation, operation.of, OperationStatus("running")) == Pending("t", SOON)
        assert polled(operation, operation.of, OperationStatus("succeeded")) == Done(
            f"Azure reports that {operation.what} has ended"
        )

    @pytest.mark.parametrize(
        ("code", "text", "expected"),
        [
            ("QuotaExceeded", "no cores", "failed: QuotaExceeded: no cores"),
            ("QuotaExceeded", "", "failed: QuotaExceeded"),
            ("", "no cores", "failed: no cores"),
        ],
    )
    def test_a_failure_has_azures_words_and_a_remedy(
        self, operation: Operation, code: str, text: str, expected: str
    ) -> None:
        remedy = "the quota is too low for the surge node: raise it, or lower maxSurge" if code else ADVICE
        assert polled(operation, operation.of, OperationStatus("failed", code, text)) == Refused(
            code or FailureCode.OPERATION_FAILED, f"{operation.what} {expected}", remedy
        )

    def test_an_operation_that_was_not_necessary_is_done(self, operation: Operation) -> None:
        text = f"Power State({operation.state.capitalize()}): cannot be performed"
        found = polled(operation, operation.of, OperationStatus("failed", "Bad", text))
        assert found == Done(f"Azure reports that {operation.what} was not necessary: Bad: {text}")

    def test_a_cluster_that_was_deleted_ends_the_step(self, operation: Operation) -> None:
        found = polled(operation, operation.of, OperationStatus("failed", "AKSOperationPreemptedByDelete"))
        assert found == Refused(
            FailureCode.GONE,
            f"{operation.what} ended: AKSOperationPreemptedByDelete",
            "nothing: the cluster or pool was deleted",
        )

    PREEMPTED = OperationStatus("failed", "AKSOperationPreempted", "by another")

    def test_a_step_that_was_interrupted_is_stale_unless_the_cluster_is_as_wanted(self, operation: Operation) -> None:
        why = f"{operation.what} was interrupted: AKSOperationPreempted: by another"
        assert polled(operation, operation.of, self.PREEMPTED) == Stale(why, LATER)
        assert polled(operation, operation.wanted, self.PREEMPTED) == Done(
            f"Azure reports the cluster as {operation.state}"
        )
        assert polled(operation, busy(operation.wanted), self.PREEMPTED) == Pending("t", SOON)
        assert polled(operation, replace(operation.of, power=Power.UNKNOWN), self.PREEMPTED) == Pending("t", SOON)

    def test_an_undo_that_was_interrupted_begins_again(self, operation: Operation) -> None:
        world = world_of(operation.of)
        world.clusters.states["t"] = self.PREEMPTED
        assert operation.verb.poll(context(world, undo=True, token="t")) == Pending("operation/1", SOON)
        assert world.clusters.begun == [operation.what.removeprefix("the ")]

    def test_an_undo_that_cannot_begin_again_yet_is_polled_later(self, operation: Operation) -> None:
        world = world_of(operation.of)
        world.clusters.states["t"] = self.PREEMPTED
        world.clusters.refuse = BusyError("409")
        assert operation.verb.poll(context(world, undo=True, token="t")) == Pending("t", LATER)

    def test_without_an_operation_a_cluster_that_has_failed_is_not_as_wanted(self, operation: Operation) -> None:
        """A start that fails can leave the cluster running; and the state can still be that of the operation before."""
        failed = replace(operation.wanted, provisioning_state="Failed")
        assert polled(operation, failed, None) == Pending("", SOON)
        code = FailureCode.START_FAILED if operation.what == "the start" else FailureCode.STOP_FAILED
        assert polled(operation, failed, None, began=NIGHT - 10 * MINUTE) == Refused(
            code, f"{operation.what} was accepted without an operation, and the cluster is Failed", ADVICE
        )

    def test_without_an_operation_the_cluster_has_ten_minutes_to_show_it(self, operation: Operation) -> None:
        assert polled(operation, operation.of, None) == Pending("", SOON)
        assert polled(operation, operation.of, None, began=NIGHT - timedelta(minutes=9, seconds=59)) == Pending(
            "", SOON
        )
        code = FailureCode.START_FAILED if operation.what == "the start" else FailureCode.STOP_FAILED
        assert polled(operation, operation.of, None, began=NIGHT - 10 * MINUTE) == Refused(
            code, f"{operation.what} was accepted, but Azure shows no operation and the cluster has not changed", ADVICE
        )
        assert polled(operation, operation.wanted, None) == Done(f"Azure reports the cluster as {operation.state}")


def verified(verb: Verb, of: Cluster, change: Callable[[World], None] | None = None, **record: object) -> object:
    world = world_of(of)
    if change is not None:
        change(world)
    return verb.verify(context(world, **record))  # type: ignore[arg-type]  # fields by name


class TestVerifyStop:
    """The power state is Stopped and provisioning has ended."""

    CAUSE = "Azure reports that the stop has ended, but the cluster is not verified as stopped: "

    def test_a_stopped_cluster_is_verified_and_the_time_is_noted(self) -> None:
        world = world_of(STOPPED)
        assert STOP.verify(context(world)) == Done("the cluster is stopped")
        assert power_changed(world.store, STOPPED.id) == NIGHT

    @pytest.mark.parametrize(
        ("of", "now"),
        [
            (RUNNING, "Azure reports it as running"),
            (UNKNOWN, "Azure does not report whether the cluster is running"),
            (busy(STOPPED), "Azure does not report whether the cluster is running"),
        ],
    )
    def test_what_is_not_stopped_is_verified_again_for_half_an_hour(self, of: Cluster, now: str) -> None:
        assert verified(STOP, of, token="t") == Pending("t", SOON)
        late = NIGHT - 30 * MINUTE
        assert verified(STOP, of, verifying_since=late + timedelta(seconds=1)) == Pending("", SOON)
        assert verified(STOP, of, verifying_since=late) == Refused(FailureCode.NOT_VERIFIED, self.CAUSE + now, ADVICE)


class TestVerifyStart:
    """The cluster runs, provisioning has ended, and every node is Ready."""

    def test_a_running_cluster_is_verified_and_the_time_is_noted(self) -> None:
        world = world_of(RUNNING)
        assert START.verify(context(world)) == Done("the cluster is running, 3 of 3 nodes are Ready")
        assert power_changed(world.store, RUNNING.id) == NIGHT

    def missing(self, of: Cluster, nodes: tuple[Node, ...] | Exception | None = None) -> str:
        def change(world: World) -> None:
            if isinstance(nodes, TryLaterError):
                world.nodes.refuse["nodes"] = nodes
            elif isinstance(nodes, tuple):
                world.nodes.listed[of.name] = nodes

        assert verified(START, of, change, token="t") == Pending("t", SOON)
        late = NIGHT - 20 * MINUTE
        assert verified(START, of, change, verifying_since=late + timedelta(seconds=1)) == Pending("", SOON)
        found = verified(START, of, change, verifying_since=late)
        assert isinstance(found, Refused)
        assert (found.code, found.remedy) == (
            FailureCode.NOT_VERIFIED,
            "check its nodes before you do anything else on the cluster",
        )
        return found.cause.removeprefix("the cluster was started, but after 20 minutes ")

    def test_what_is_missing_is_said_after_twenty_minutes(self) -> None:
        one, two, three = nodes_of(RUNNING)
        assert self.missing(busy(RUNNING)) == "Azure reports Updating"
        assert self.missing(STOPPED) == "Azure reports it as stopped"
        failed = replace(RUNNING, provisioning_state="Failed")
        assert self.missing(failed) == "Azure reports the cluster as Failed"
        assert self.missing(UNKNOWN) == "Azure does not report whether the cluster is running"
        assert self.missing(RUNNING, TryLaterError("no answer")) == "its nodes could not be read: no answer"
        assert self.missing(RUNNING, (one, two, replace(three, ready=False))) == "2 of 3 nodes are Ready"
        assert self.missing(RUNNING, (one, two)) == "2 of 3 nodes are Ready"
        assert self.missing(RUNNING, ()) == "0 of 3 nodes are Ready"

    @pytest.mark.parametrize(
        "more",
        [{"autoscaled": True}, {"spot": True}, {"power": Power.STOPPED}, {"count": Unknown("not reported")}],
    )
    def test_only_counts_that_do_not_change_by_themselves_are_required(self, more: dict[str, object]) -> None:
        of = cluster("shop-dev", pool("a", count=2), pool("b", **{"count": 5, **more}))  # type: ignore[arg-type]  # fields by name
        two = nodes_of(cluster("shop-dev", pool("a", count=2)))

        def change(world: World) -> None:
            world.nodes.listed["shop-dev"] = two

        assert verified(START, of, change) == Done("the cluster is running, 2 of 2 nodes are Ready")

    def test_at_least_one_node_is_required(self) -> None:
        of = cluster("shop-dev", pool("a", autoscaled=True))
        assert self.missing(of, ()) == "0 of 1 nodes are Ready"


def test_the_verbs_undo_each_other_and_a_cancelled_run_finishes_them() -> None:
    assert (START.undo, STOP.undo) == ("stop-cluster", "start-cluster")
    assert (START.on_cancel, STOP.on_cancel) == ("finish", "finish")
    assert isinstance(context(world_of(RUNNING)), StepContext)
