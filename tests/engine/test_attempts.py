"""One attempt at a step: what keeps it from beginning, what interrupts it, and what each error of an outside system means."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ops.engine.activities.execute_step import begin, poll, verify
from ops.engine.activities.lease import register_waiter, take_claim
from ops.engine.transition import Outcome, Transition
from ops.model.fleet import CORDON_STAMP, Power
from ops.model.outcome import Progress
from ops.model.plan import Claim, Plan, Step
from ops.model.refusal import RefusedAction
from ops.model.run import Run, State, StepRecord, StepState
from ops.model.workload import Pod
from ops.policy.leases import GRACE, TTL, Lease
from ops.ports.azure import OperationStatus
from ops.ports.errors import BusyError, DeniedError, NotFoundError, OutsideError, RejectedError, TryLaterError
from ops.tables.base import store_key
from ops.tables.leases import leases
from ops.tables.refused_actions import refused_on
from ops.tables.runs import Control, controls, runs
from tests.driving import NIGHT
from tests.fakes import ALL_OPERATIONS, NEW, OLD, World, cluster, nodes_of, settings

OURS = cluster("shop-dev")
OWN = Claim(f"cluster.{OURS.id}")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
CLOSES = datetime.fromisoformat("2026-11-17T05:00:00+00:00")
STOP = Step("stop", "stop-cluster", "stop", {}, 900)
UPGRADE = Step("up", "upgrade-node-image", "user1", {"pool": "user1", "image": NEW, "from": OLD}, 1860, CLOSES)
NAME = "aks-user1-1"
NODE = {"node": NAME, "uid": f"uid-{NAME}", "run": "r1"}
DRAIN = Step("drain", "drain-node", "drain", {**NODE, "timeout_s": "600", "grace_s": ""}, 1800, CLOSES)


def world_with(
    step: Step, runbook: str = "power", *, source: str = "timer", held: bool = True, **record: object
) -> World:
    """A world with a run of one step. Unless said otherwise, the run holds the cluster's lease."""
    world = World(config=ALL_OPERATIONS)
    world.clock.at = NIGHT
    world.clusters.put(OURS)
    world.nodes.listed["shop-dev"] = nodes_of(OURS)
    plan = Plan(runbook, OURS.id, (step,), (OWN,))
    steps = (replace(StepRecord(step.id, step.title), **record),)  # type: ignore[arg-type]  # fields by name
    run = Run(
        "r1", runbook, OURS.id, "shop-dev", "p", NIGHT, source, "x", plan=plan, steps=steps, ring="pre-production"
    )
    runs(world.store).insert("r1", run)
    if held:
        take_claim(world.store, OWN, "r1", NIGHT)
    return world


def stored(world: World) -> Run:
    return runs(world.store).must_get("r1").value


def attempt(world: World, *, undo: bool = False) -> Transition:
    return begin(world.context, {"run": "r1", "step": stored(world).steps[0].id, "undo": undo})


def left(world: World) -> str:
    """Why the step was left before anything was done."""
    assert attempt(world) == Transition(Outcome.UNWIND)
    assert stored(world).steps[0].state is StepState.LEFT
    assert world.clusters.begun == []
    return stored(world).why


class TestBegin:
    """A step begins once, and only if nothing blocks it."""

    def test_a_step_that_nothing_blocks_begins(self) -> None:
        world = world_with(STOP)
        assert attempt(world) == Transition(Outcome.PENDING, NIGHT + 3 * MINUTE)
        assert world.clusters.begun == ["stop"]
        assert (stored(world).steps[0].state, stored(world).steps[0].token) == (StepState.RUNNING, "operation/1")

    def test_an_attempt_that_has_ended_or_begun_is_not_repeated(self) -> None:
        settled = world_with(STOP, state=StepState.DONE)
        assert attempt(settled) == Transition(Outcome.UNWIND)
        begun = world_with(STOP, state=StepState.RUNNING)
        assert attempt(begun) == Transition(Outcome.PENDING, NIGHT)
        assert (settled.clusters.begun, begun.clusters.begun) == ([], [])

    def test_people_block_it(self) -> None:
        world = world_with(STOP)
        controls(world.store).change("r1", lambda _: Control(paused_by="ana"))
        assert left(world) == "paused by ana"
        world = world_with(STOP)
        controls(world.store).change("r1", lambda _: Control(paused_by="ana", cancelled_by="ben"))
        assert left(world) == "cancelled by ben"

    def test_an_invalid_configuration_blocks_it(self) -> None:
        world = world_with(STOP)
        world.problem = "line 3"
        assert left(world) == "the configuration is not valid, so nothing new starts: line 3"

    def test_a_cluster_that_has_moved_to_another_ring_blocks_it(self) -> None:
        world = world_with(STOP)
        world.clusters.put(replace(OURS, tags={"env": "prod"}))
        assert left(world) == "its cluster is now in production, no longer in pre-production"

    def test_a_missing_approval_blocks_it(self) -> None:
        text = ALL_OPERATIONS.replace("reboot: {window: nights}", "reboot: {window: nights, approval: {from: ana}}")
        world = world_with(DRAIN, "reboot")
        world.settings = settings(f"{text}identity: {{slack-team: T0DAYTWO}}\npeople: {{ana: {{slack: U0ANA}}}}\n")
        assert "approv" in left(world)

    def test_a_waiting_run_with_a_lower_rank_blocks_it_and_an_equal_one_does_not(self) -> None:
        world = world_with(STOP)
        other = replace(stored(world), id="other", source="http")
        register_waiter(world.store, OWN, other, NIGHT)
        assert left(world) == "yields to other"
        world = world_with(STOP)
        register_waiter(world.store, OWN, replace(other, source="timer"), NIGHT)
        assert attempt(world).outcome is Outcome.PENDING

    def test_an_expired_lease_blocks_it_and_a_valid_one_is_renewed(self) -> None:
        assert left(world_with(STOP, held=False)) == "the lease has expired"
        world = world_with(STOP)
        world.clock.at = NIGHT + TTL - GRACE
        assert left(world) == "the lease has expired"
        world = world_with(STOP)
        world.clock.at = NIGHT + MINUTE
        attempt(world)
        (holder,) = leases(world.store).must_get(store_key(OWN.name)).value.holders
        assert holder.expires == NIGHT + MINUTE + TTL

    @pytest.mark.parametrize(
        ("deadline", "why"),
        [
            (NIGHT + 31 * MINUTE, ""),
            (NIGHT + 31 * MINUTE - timedelta(seconds=1), "the remaining window is too short for it"),
        ],
    )
    def test_a_step_has_to_end_before_its_deadline(self, deadline: datetime, why: str) -> None:
        world = world_with(replace(UPGRADE, deadline=deadline), "node-image")
        if why:
            assert left(world) == why
        else:
            assert attempt(world).outcome is Outcome.PENDING

    @pytest.mark.parametrize(
        ("config", "fits"),
        [
            (ALL_OPERATIONS, True),
            (ALL_OPERATIONS.replace('to: "05:00"', 'to: "23:31"'), True),
            (ALL_OPERATIONS.replace('to: "05:00"', 'to: "23:30"'), False),
            (ALL_OPERATIONS + "freezes:\n  - {name: fair, from: 2026-11-16, to: 2026-11-16}\n", False),
        ],
    )
    def test_a_step_has_to_fit_into_its_window_as_it_is_configured_now(self, config: str, *, fits: bool) -> None:
        world = world_with(UPGRADE, "node-image")
        world.settings = settings(config)
        if fits:
            assert attempt(world).outcome is Outcome.PENDING
        else:
            assert left(world) == "its window has changed, or a freeze has begun"

    def test_a_step_without_a_deadline_needs_no_window(self) -> None:
        world = world_with(replace(UPGRADE, deadline=None), "node-image")
        world.settings = settings(ALL_OPERATIONS + "freezes:\n  - {name: fair, from: 2026-11-16, to: 2026-11-16}\n")
        assert attempt(world).outcome is Outcome.PENDING

    def test_the_window_of_another_ring_does_not_count(self) -> None:
        config = ALL_OPERATIONS.replace(
            "windows:\n", 'windows:\n  days: {days: mon-fri, from: "09:00", to: "17:00", zone: UTC}\n'
        )
        own = config.replace("{name: pre-production, ", "{name: pre-production, window: days, ")
        world = world_with(UPGRADE, "node-image")
        world.settings = settings(own)
        assert left(world) == "its window has changed, or a freeze has begun"
        world = world_with(UPGRADE, "node-image")
        world.settings = settings(config.replace("{name: production, ", "{name: production, window: days, "))
        assert attempt(world).outcome is Outcome.PENDING

    def test_an_event_is_handled_in_every_ring_and_at_every_time(self) -> None:
        step = Step("evacuate", "evacuate-nodes", "x", {"nodes": NAME, "run": "r1", "timeout_s": "60", "grace_s": "20"})
        world = world_with(replace(step, deadline=CLOSES), "spot", source="event")
        world.clusters.put(replace(OURS, tags={"env": "prod"}))
        world.settings = settings(ALL_OPERATIONS + "freezes:\n  - {name: fair, from: 2026-11-16, to: 2026-11-16}\n")
        assert attempt(world).outcome is Outcome.STEP or stored(world).steps[0].state is StepState.DONE

    def test_a_step_that_was_intended_is_checked_before_what_blocks_it(self) -> None:
        busy = world_with(STOP, state=StepState.INTENDED)
        busy.clusters.put(replace(OURS, provisioning_state="Stopping"))
        controls(busy.store).change("r1", lambda _: Control(paused_by="ana"))
        assert attempt(busy) == Transition(Outcome.PENDING, NIGHT + 3 * MINUTE)
        idle = world_with(STOP, state=StepState.INTENDED)
        controls(idle.store).change("r1", lambda _: Control(paused_by="ana"))
        assert left(idle) == "paused by ana"


class TestUndo:
    """An undo is retried, and does not disturb a run that has taken the cluster."""

    def undoing(self, *, held: bool = True, **record: object) -> World:
        step = replace(STOP, verb="start-cluster", temporary=True)
        return world_with(step, held=held, **{"state": StepState.DONE, **record})  # type: ignore[arg-type]  # fields by name

    def test_an_undo_begins_whatever_blocks_a_step(self) -> None:
        world = self.undoing(held=False)
        world.problem = "line 3"
        controls(world.store).change("r1", lambda _: Control(cancelled_by="ben"))
        assert attempt(world, undo=True) == Transition(Outcome.PENDING, NIGHT + 3 * MINUTE)
        assert world.clusters.begun == ["stop"]

    def test_an_undo_waits_for_a_run_that_has_the_cluster_and_releases_its_own_leases(self) -> None:
        world = self.undoing(held=False)
        take_claim(world.store, OWN, "other", NIGHT)
        assert attempt(world, undo=True) == Transition(Outcome.RETRY, NIGHT + 5 * MINUTE)
        assert world.clusters.begun == []
        assert [each.run for each in leases(world.store).must_get(store_key(OWN.name)).value.holders] == ["other"]

    def test_an_undo_that_is_refused_fails(self) -> None:
        world = self.undoing(began=NIGHT - HOUR)
        world.clusters.refuse = RejectedError("ScopeLocked", "locked")
        assert attempt(world, undo=True) == Transition(Outcome.UNWIND)
        assert stored(world).steps[0].undo_failed
        assert stored(world).steps[0].began == NIGHT


class TestRefused:
    """A lasting refusal of a timer's run is recorded and tried again; other runs fail."""

    def refused(self, source: str = "timer") -> World:
        world = world_with(STOP, source=source)
        world.clusters.refuse = RejectedError("ScopeLocked", "the scope is locked")
        assert attempt(world) == Transition(Outcome.UNWIND)
        return world

    def test_a_timers_run_is_assessed_again_after_the_pause(self) -> None:
        world = self.refused()
        assert (stored(world).steps[0].state, stored(world).until) == (StepState.LEFT, NIGHT + 5 * MINUTE)
        remedy = "remove the lock, or ask its owner"
        assert refused_on(world.store, OURS.id) == (
            RefusedAction(OURS.id, "stop-cluster", "ScopeLocked", "the scope is locked", remedy, "r1", NIGHT, NIGHT, 1),
        )

    def test_a_persons_run_fails(self) -> None:
        world = self.refused("http")
        assert (stored(world).steps[0].state, stored(world).code) == (StepState.FAILED, "ScopeLocked")
        assert stored(world).steps[0].began is None

    def test_what_works_again_is_forgotten(self) -> None:
        world = self.refused()
        table = runs(world.store)
        run = table.must_get("r1")
        table.replace(run, replace(run.value, steps=(StepRecord("stop", "stop"),)))
        world.clusters.refuse = None
        assert attempt(world).outcome is Outcome.PENDING
        assert refused_on(world.store, OURS.id) == ()

    def test_a_lost_answer_is_kept_as_the_obstacle(self) -> None:
        world = world_with(STOP)
        world.clusters.lose_answers = 1
        with pytest.raises(TryLaterError):
            attempt(world)
        assert stored(world).obstacle == "stop: the response was lost"
        assert stored(world).steps[0].state is StepState.INTENDED


@pytest.mark.parametrize(
    ("error", "code", "remedy", "lasting"),
    [
        (
            DeniedError("reading: 403"),
            "Denied",
            "assign the role from the deployment guide to the bot's identity, then start the run again",
            True,
        ),
        (
            NotFoundError("reading: 403"),
            "Gone",
            "check whether it was deleted; if so, there is nothing left to do",
            False,
        ),
        (RejectedError("Odd", "reading: 403"), "Odd", "fix what Azure reports, then start the run again", False),
    ],
)
def test_an_error_of_the_check_is_a_refusal(error: OutsideError, code: str, remedy: str, *, lasting: bool) -> None:
    world = world_with(UPGRADE, "node-image")
    world.clusters.refuse_images = error
    assert attempt(world) == Transition(Outcome.UNWIND)
    if lasting:
        (refused,) = refused_on(world.store, OURS.id)
        assert (refused.code, refused.cause, refused.remedy) == (code, "reading: 403", remedy)
    else:
        run = stored(world)
        assert (run.code, run.why, run.remedy) == (code, "user1: reading: 403", remedy)
        assert refused_on(world.store, OURS.id) == ()


def test_another_operation_postpones_the_attempt() -> None:
    world = world_with(UPGRADE, "node-image")
    world.clusters.refuse_images = BusyError("409")
    with pytest.raises(TryLaterError) as raised:
        attempt(world)
    assert (str(raised.value), raised.value.retry_after_s) == ("409", 300)


class TestObserve:
    """A step that has begun is observed until it ends; it is abandoned only if it acts with each poll."""

    def draining(self, **record: object) -> World:
        world = world_with(DRAIN, "reboot", **{"state": StepState.RUNNING, "token": "drain", "began": NIGHT, **record})  # type: ignore[arg-type]  # fields by name
        world.nodes.change(NAME, unschedulable=True, annotations={CORDON_STAMP: "r1"})
        pods = (Pod("shop", "web", "u", NAME, "Running", ready=True, owner_kind="ReplicaSet"),)
        world.nodes.running["shop-dev"] = pods
        return world

    def polled(self, world: World) -> Transition:
        return poll(world.context, {"run": "r1", "step": stored(world).steps[0].id})

    def test_a_round_is_recorded_with_its_progress(self) -> None:
        world = self.draining()
        assert self.polled(world) == Transition(Outcome.PENDING, NIGHT + timedelta(seconds=15))
        record = stored(world).steps[0]
        assert (record.progress, record.token.partition(" ")[0]) == (Progress(0, 1, "pods"), "drain")
        done = self.polled(world)
        assert (done, stored(world).steps[0].verifying_since) == (Transition(Outcome.VERIFY), NIGHT)
        assert stored(world).steps[0].progress == Progress(1, 1, "pods")

    def test_the_time_since_which_it_is_verified_is_kept(self) -> None:
        world = self.draining(verifying_since=NIGHT - MINUTE)
        world.nodes.running["shop-dev"] = ()
        assert self.polled(world) == Transition(Outcome.VERIFY)
        assert stored(world).steps[0].verifying_since == NIGHT - MINUTE

    def test_a_settled_attempt_is_not_observed(self) -> None:
        assert self.polled(self.draining(state=StepState.DONE)) == Transition(Outcome.UNWIND)

    def interrupted(self, world: World) -> str:
        assert self.polled(world) == Transition(Outcome.UNWIND)
        assert (stored(world).steps[0].state, world.nodes.evicted) == (StepState.LEFT, [])
        return stored(world).why

    def test_what_interrupts_a_drain(self) -> None:
        world = self.draining()
        controls(world.store).change("r1", lambda _: Control(cancelled_by="ben"))
        assert self.interrupted(world) == "cancelled while it was running"
        world = self.draining()
        leases(world.store).change(store_key(OWN.name), lambda _: Lease())
        take_claim(world.store, OWN, "other", NIGHT)
        assert self.interrupted(world) == "other has the cluster now"
        world = self.draining()
        world.clock.at = CLOSES + timedelta(seconds=1)
        assert self.interrupted(world) == "its window has closed"
        world = self.draining(began=CLOSES)
        world.clock.at = CLOSES
        assert self.polled(world).outcome is Outcome.PENDING

    def test_an_operation_of_azure_is_not_interrupted_and_its_lease_is_renewed(self) -> None:
        world = world_with(STOP, state=StepState.RUNNING, token="t", began=NIGHT)
        world.clusters.states["t"] = OperationStatus("running")
        controls(world.store).change("r1", lambda _: Control(cancelled_by="ben"))
        world.clock.at = NIGHT + MINUTE
        assert self.polled(world) == Transition(Outcome.PENDING, NIGHT + 4 * MINUTE)
        (holder,) = leases(world.store).must_get(store_key(OWN.name)).value.holders
        assert holder.expires == NIGHT + MINUTE + TTL

    def test_people_are_notified_two_hours_after_the_expected_end(self) -> None:
        world = world_with(STOP, state=StepState.RUNNING, token="t", began=NIGHT - 2 * HOUR - 15 * MINUTE)
        world.clusters.states["t"] = OperationStatus("running")
        self.polled(world)
        late = "stop is taking 2 h longer than expected: check the operation in Azure"
        assert (stored(world).notify, stored(world).lines) == (True, (late,))

    def test_an_operation_that_fails_ends_the_step_and_one_that_is_interrupted_does_not_fail_it(self) -> None:
        world = world_with(STOP, state=StepState.RUNNING, token="t", began=NIGHT)
        world.clusters.states["t"] = OperationStatus("failed", "Odd", "it broke")
        assert self.polled(world) == Transition(Outcome.UNWIND)
        assert (stored(world).steps[0].state, stored(world).code) == (StepState.FAILED, "Odd")
        assert stored(world).steps[0].began == NIGHT
        world = world_with(STOP, state=StepState.RUNNING, token="t", began=NIGHT)
        world.clusters.states["t"] = OperationStatus("failed", "AKSOperationPreempted")
        assert self.polled(world) == Transition(Outcome.UNWIND)
        assert (stored(world).steps[0].state, stored(world).until) == (StepState.LEFT, NIGHT + 5 * MINUTE)

    @pytest.mark.parametrize("error", [DeniedError("403"), NotFoundError("403"), BusyError("403")])
    def test_a_refused_read_is_repeated_for_hours(self, error: OutsideError) -> None:
        limit = NIGHT - 2 * HOUR - 30 * MINUTE
        for began in (None, limit + timedelta(seconds=1)):
            world = self.draining(began=began)
            world.nodes.refuse["nodes"] = error
            with pytest.raises(TryLaterError) as raised:
                self.polled(world)
            assert (str(raised.value), raised.value.retry_after_s) == ("403", 180)
        world = self.draining(began=limit)
        world.nodes.refuse["nodes"] = error
        assert self.polled(world) == Transition(Outcome.UNWIND)
        run = stored(world)
        assert (run.code, run.why) == ("Unreadable", "drain: 403")
        assert run.remedy == "check the operation in Azure, then start the run again"

    def test_a_rejected_read_fails_the_step(self) -> None:
        world = self.draining()
        world.nodes.refuse["nodes"] = RejectedError("Odd", "no")
        assert self.polled(world) == Transition(Outcome.UNWIND)
        assert (stored(world).code, stored(world).remedy) == ("Odd", "fix what Azure reports, then start the run again")


def test_a_verified_step_is_done_and_one_that_is_not_is_verified_again_or_fails() -> None:
    def verified(power: Power, since: datetime = NIGHT) -> tuple[Transition, Run]:
        record = {"state": StepState.RUNNING, "began": NIGHT, "verifying_since": since, "token": "t"}
        world = world_with(STOP, **record)  # type: ignore[arg-type]  # fields by name
        world.clusters.put(replace(OURS, power=power))
        return verify(world.context, {"run": "r1", "step": "stop"}), stored(world)

    transition, run = verified(Power.STOPPED)
    assert (transition, run.steps[0].state) == (Transition(Outcome.UNWIND), StepState.DONE)
    transition, run = verified(Power.RUNNING)
    assert (transition, run.steps[0].state) == (Transition(Outcome.PENDING, NIGHT + 3 * MINUTE), StepState.RUNNING)
    transition, run = verified(Power.RUNNING, NIGHT - HOUR)
    assert (transition, run.code) == (Transition(Outcome.UNWIND), "NotVerified")
    assert run.state is State.WAITING
