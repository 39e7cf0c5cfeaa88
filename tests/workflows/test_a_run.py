"""A run from its signal to its end, on the double engine: what is done once, what is waited for, what is taken back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ops.config.current import ConfigState
from ops.model.run import Run, State, StepState
from ops.model.signal import Signal
from ops.ports import BusyError, DeniedError, RejectedError, TryLaterError
from ops.records import Control, controls, runs
from ops.workflows.activities import invoke
from ops.workflows.reporting import report_configuration
from ops.workflows.sending import flush
from ops.workflows.starting import start
from tests.double import Double
from tests.fakes import MONDAY, NEW, NEWER, OLD, World, cluster, nodes_of, pool

IN_WINDOW = datetime(2026, 11, 16, 22, 30, tzinfo=UTC)


def world(*, asleep: bool = False, pools: int = 1) -> World:
    made = World()
    made.clock.at = IN_WINDOW
    made.clusters.put(cluster("shop-dev", *(pool(f"user{n}") for n in range(1, pools + 1)), running=not asleep))
    return made


def signal(by: World, occurrence: str = "2026-w47") -> Signal:
    (only,) = by.clusters.fleet.values()
    return Signal("node-image", only.id, only.name, occurrence, by.clock.at, "http", "ana")


def carry_out(by: World, meanwhile: Callable[[str], None] | None = None) -> tuple[Run, Double]:
    run, _ = start(by.context, signal(by))
    double = Double(by, meanwhile or Operations(by))
    double.run("operation", {"run": run.id})
    return runs(by.store).must_get(run.id).value, double


class Operations:
    """What Azure does meanwhile: an operation ends after a few looks."""

    def __init__(self, by: World, image: str = NEW, failed: str = "", looks: int = 3) -> None:
        self.by, self.image, self.failed, self.looks, self.seen = by, image, failed, looks, 0

    def __call__(self, activity: str) -> None:
        (only,) = self.by.clusters.fleet.values()
        if activity != "poll" or only.provisioning_state == "Succeeded":
            return
        self.seen += 1
        if self.seen % self.looks:
            return
        last = self.by.clusters.begun[-1]
        if last.startswith("upgrade"):
            self.by.clusters.end(only.id, image=self.image, failed=self.failed)
        else:
            self.by.clusters.end(only.id, running=last == "start")


def test_every_pool_is_upgraded_once_and_proven_from_its_nodes() -> None:
    by = world(pools=2)
    run, _ = carry_out(by)
    assert by.clusters.begun == ["upgrade user1", "upgrade user2"]
    assert run.state is State.DONE
    assert [record.evidence for record in run.finished] == ["3 of 3 nodes carry 202611.05.0 and are Ready"] * 2
    assert list(by.chat.keys.values()) == [run.id, f"{run.id}.details"]
    assert by.engine.started == [f"operation {run.id}"]
    assert by.events.published == [f"Daytwo.RunEnded {run.id}.ended"]


def test_the_leases_are_left_at_the_end() -> None:
    by = world()
    carry_out(by)
    assert [record.value for record in by.store.scan("lease")] == [{"fencing": 1}, {"fencing": 1}]


def test_a_long_run_stays_in_bounds_by_new_generations() -> None:
    by = world()
    _, double = carry_out(by, Operations(by, looks=90))
    assert double.generations > 2


def test_the_same_occurrence_twice_is_one_run() -> None:
    by = world()
    first, is_new = start(by.context, signal(by))
    second, again = start(by.context, signal(by))
    assert (first.id, is_new, again) == (second.id, True, False)
    assert len(by.engine.started) == 1


def test_a_lost_answer_is_no_reason_for_a_second_upgrade() -> None:
    by = world()
    by.clusters.lose_answers = 1
    run, _ = carry_out(by)
    assert by.clusters.begun == ["upgrade user1"]
    assert run.state is State.DONE


def test_throttling_delays_and_fails_nothing() -> None:
    by = world()
    by.clusters.refuse = TryLaterError("429", 120)
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        if by.clock.at >= IN_WINDOW + timedelta(minutes=10):
            by.clusters.refuse = None
        operations(activity)

    run, _ = carry_out(by, meanwhile)
    assert run.state is State.DONE


def test_an_operation_of_somebody_else_is_waited_for() -> None:
    by = world()
    by.clusters.refuse = BusyError("OperationNotAllowed")
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        if by.clock.at >= IN_WINDOW + timedelta(minutes=12):
            by.clusters.refuse = None
        operations(activity)

    run, _ = carry_out(by, meanwhile)
    assert (run.state, by.clusters.begun) == (State.DONE, ["upgrade user1"])


def test_a_failed_upgrade_names_the_cause_and_begins_nothing_more() -> None:
    by = world(pools=2)
    run, _ = carry_out(by, Operations(by, failed="PodDrainFailure"))
    assert (run.state, run.code) == (State.FAILED, "PodDrainFailure")
    assert by.clusters.begun == ["upgrade user1"]
    assert run.why == "user1: the upgrade of user1 failed: PodDrainFailure: blocked by pdb web"
    assert run.remedy == "a pod could not be drained: look at its PDB, then start the run again"
    assert run.steps[1].state is StepState.PLANNED


def test_success_by_azures_word_alone_is_a_failure_with_the_nodes_named() -> None:
    by = world()
    run, _ = carry_out(by, Operations(by, image=OLD))
    assert (run.state, run.code) == (State.FAILED, "NotProven")
    assert "aks-user1-0 does not carry 202611.05.0" in run.why


def test_a_node_that_is_not_ready_is_a_failure_with_the_node_named() -> None:
    by = world()
    only = cluster("shop-dev", pool("user1", image=NEW))
    sick = tuple(replace(node, ready=node.name != "aks-user1-1") for node in nodes_of(only))
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        operations(activity)
        if activity == "prove":
            by.nodes.said["shop-dev"] = sick

    run, _ = carry_out(by, meanwhile)
    assert run.state is State.FAILED
    assert run.why.endswith("after 20 minutes aks-user1-1 is not Ready")


def test_an_image_that_landed_between_the_look_and_the_call_is_told() -> None:
    by = world()
    run, _ = carry_out(by, Operations(by, image=NEWER))
    assert "it landed between the last look and the call" in run.finished[0].evidence


def test_an_image_that_landed_before_the_call_is_not_begun() -> None:
    by = world()
    seen: list[str] = []
    operations = Operations(by, image=NEWER)

    def meanwhile(activity: str) -> None:
        if activity == "begin" and not seen:
            seen.append(activity)
            by.clusters.newest = NEWER
        operations(activity)

    run, double = carry_out(by, meanwhile)
    assert double.calls[:5] == ["assess", "lease", "begin", "unwind", "conclude"]
    assert run.finished[0].evidence == "3 of 3 nodes carry 202611.12.0 and are Ready"


class TestSleepers:
    """A cluster that was woken is put back, whatever happened."""

    def test_woken_upgraded_proven_and_put_back(self) -> None:
        by = world(asleep=True)
        run, _ = carry_out(by)
        assert by.clusters.begun == ["start", "upgrade user1", "stop"]
        assert run.state is State.DONE
        assert [record.state for record in run.finished] == [StepState.UNDONE, StepState.DONE]

    def test_put_back_after_a_failure(self) -> None:
        by = world(asleep=True)
        run, _ = carry_out(by, Operations(by, failed="QuotaExceeded"))
        assert by.clusters.begun == ["start", "upgrade user1", "stop"]
        assert run.state is State.FAILED

    def test_put_back_when_a_person_cancels(self) -> None:
        by = world(asleep=True)
        operations = Operations(by)

        def meanwhile(activity: str) -> None:
            if by.clusters.begun == ["start"]:
                (run,) = runs(by.store).scan()
                controls(by.store).insert(run.key, Control(cancelled_by="ana", why="not tonight"))
            operations(activity)

        run, _ = carry_out(by, meanwhile)
        assert by.clusters.begun == ["start", "stop"]
        assert (run.state, run.why) == (State.HALTED, "cancelled by ana: not tonight")

    def test_a_cluster_that_somebody_else_started_is_not_stopped(self) -> None:
        by = world(asleep=True)
        operations = Operations(by)

        def meanwhile(activity: str) -> None:
            (only,) = by.clusters.fleet.values()
            if activity == "begin" and not by.clusters.begun:
                by.clusters.fleet[only.id] = replace(only, running=True)
            operations(activity)

        run, _ = carry_out(by, meanwhile)
        assert by.clusters.begun == ["upgrade user1"]
        assert run.state is State.DONE


class TestPeople:
    """Pause, resume and cancel are kept in the store and honoured between steps."""

    def test_a_pause_holds_between_pools_and_a_resume_goes_on(self) -> None:
        by = world(pools=2)
        operations = Operations(by)
        looks: list[str] = []

        def meanwhile(activity: str) -> None:
            (run,) = runs(by.store).scan()
            if activity == "poll" and not looks:
                controls(by.store).insert(run.key, Control(paused_by="ana"))
                looks.append(activity)
            if activity == "assess" and looks:
                looks.append(run.value.why)
                if len(looks) > 3:
                    controls(by.store).change(run.key, lambda _: Control())
            operations(activity)

        run, _ = carry_out(by, meanwhile)
        assert by.clusters.begun == ["upgrade user1", "upgrade user2"]
        assert "paused by ana" in looks
        assert run.state is State.DONE

    def test_a_cancel_lets_the_running_pool_finish_and_begins_no_other(self) -> None:
        by = world(pools=2)
        operations = Operations(by)

        def meanwhile(activity: str) -> None:
            (run,) = runs(by.store).scan()
            if activity == "poll":
                controls(by.store).insert(run.key, Control(cancelled_by="ana"))
            operations(activity)

        run, _ = carry_out(by, meanwhile)
        assert by.clusters.begun == ["upgrade user1"]
        assert (run.state, run.why) == (State.HALTED, "cancelled by ana")
        assert run.finished[0].state is StepState.DONE


def test_the_second_cluster_of_a_pair_waits_for_the_first() -> None:
    by = world()
    first = cluster("prod-ne", region="northeurope")
    by.clusters.put(first)
    ours = next(each for each in by.clusters.fleet.values() if each.name == "shop-dev")
    run, _ = start(by.context, Signal("node-image", ours.id, ours.name, "2026-w47", by.clock.at, "http", "ana"))
    other, _ = start(by.context, Signal("node-image", first.id, first.name, "2026-w47", by.clock.at, "http", "ana"))
    for name in ("assess", "lease"):
        invoke(name, by.context, {"run": run.id})
        answer = invoke(name, by.context, {"run": other.id})
    assert answer["kind"] == "assess"
    assert runs(by.store).must_get(other.id).value.why == "waits for shop-dev, which has its turn"


def test_a_refusal_of_azure_policy_is_final_and_says_whom_to_ask() -> None:
    by = world()
    by.clusters.refuse = RejectedError("RequestDisallowedByPolicy", "upgrading: a policy forbids it")
    run, _ = carry_out(by)
    assert (run.state, run.remedy) == (State.FAILED, "an Azure policy forbids it: ask its owner")


def test_a_chat_that_is_down_neither_fails_nor_repeats_the_run() -> None:
    by = world()
    by.chat.fail = [TryLaterError("down", 60) for _ in range(50)]
    run, _ = carry_out(by)
    assert (run.state, by.chat.posts) == (State.DONE, 0)
    by.chat.fail = []
    by.clock.pass_(minutes=10)
    assert flush(by.context.ports) == 0
    assert (by.chat.posts, len(by.chat.shown)) == (1, 1)


def test_a_post_whose_answer_was_lost_is_found_and_not_posted_again() -> None:
    by = world()
    by.chat.lose = 1
    carry_out(by)
    assert by.chat.posts == 1


def test_a_plan_only_run_ends_after_it_has_decided() -> None:
    by = world()
    run, _ = start(by.context, replace(signal(by), dry_run=True))
    Double(by).run("operation", {"run": run.id})
    ended = runs(by.store).must_get(run.id).value
    assert (ended.state, ended.headline, by.clusters.begun, by.chat.posts) == (State.DONE, "would act", [], 0)


def test_with_a_configuration_that_broke_nothing_new_begins() -> None:
    by = world()
    by.problem = "daytwo.yaml:3: unknown key"
    run, _ = start(by.context, signal(by))
    double = Double(by, _mended_after(by, IN_WINDOW + timedelta(hours=1)))
    double.run("operation", {"run": run.id})
    assert by.clusters.begun == ["upgrade user1"]
    assert double.calls[:4] == ["assess"] * 4


def _mended_after(by: World, at: datetime) -> Callable[[str], None]:
    operations = Operations(by)

    def meanwhile(activity: str) -> None:
        if by.clock.at >= at:
            by.problem = ""
        operations(activity)

    return meanwhile


@pytest.mark.parametrize("occurrence", ["2026-w47", "m-20261116t223000"])
def test_a_run_has_an_id_that_every_engine_takes(occurrence: str) -> None:
    by = world()
    run, _ = start(by.context, signal(by, occurrence))
    assert run.id.endswith(occurrence)
    assert set(run.id) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")
    assert run.created > MONDAY


def test_a_missing_role_is_a_failure_that_names_the_remedy() -> None:
    by = world()
    by.clusters.refuse = DeniedError("upgrading user1: 403 AuthorizationFailed")
    run, _ = carry_out(by)
    assert (run.state, run.code) == (State.FAILED, "Denied")
    assert run.remedy == "give the bot's identity the role that the guide names, then start the run again"


def test_a_configuration_that_breaks_is_said_once_and_edited_when_it_is_mended() -> None:
    by = World()
    report_configuration(by.context.ports, ConfigState(by.settings), by.clock.at)
    assert by.chat.posts == 0
    for problem in ("daytwo.yaml:3: unknown key", "daytwo.yaml:3: unknown key", ""):
        report_configuration(by.context.ports, ConfigState(by.settings, problem), by.clock.at)
    assert (by.chat.posts, by.chat.edits) == (1, 1)
    (shown,) = by.chat.shown.values()
    assert shown["text"] == "✓ Configuration · daytwo.yaml · is valid again · done"
