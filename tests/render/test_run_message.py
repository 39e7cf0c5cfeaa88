"""A run as a message: its progress includes waiting pools, and every reason for waiting is named."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ops.model.outcome import Progress
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.model.run import Run, State, StepRecord, StepState
from ops.render.run import run_details, run_message
from ops.runbooks import runbooks

BEGAN = datetime(2026, 11, 17, 22, tzinfo=UTC)
DONE = StepRecord(
    "pool.user1",
    "user1",
    StepState.DONE,
    began=BEGAN,
    ended=BEGAN + timedelta(minutes=21),
    evidence="8 of 8 nodes run 202611.05.0 and are Ready",
)
NODE_IMAGES, REBOOTS = runbooks()["node-image"], runbooks()["reboot"]
CANARY = Skip("canary", SkipReason.UNPROVEN, "202611.12.0 is not running in pre-production yet")
FROZEN = Skip("frozen", SkipReason.SNAPSHOT, "the pool was created from a snapshot, which fixes its image")
RUN = Run(
    id="node-image.pay-prod-006996.2026-w47",
    runbook="node-image",
    target="id",
    target_name="pay-prod",
    period="2026-w47",
    created=BEGAN,
    source="timer",
    by="daytwo",
    acted=True,
    finished=(DONE,),
    skips=(CANARY, FROZEN),
)
WAITING = replace(RUN, state=State.WAITING, why=CANARY.why, code="unproven", until=BEGAN + timedelta(hours=1))


def test_the_progress_of_a_run_includes_waiting_pools_but_not_skipped_ones() -> None:
    assert run_message(WAITING, NODE_IMAGES).progress_text == "1 of 2 pools"


def test_a_waiting_pool_is_named_only_once() -> None:
    assert run_message(WAITING, NODE_IMAGES).lines == (
        "canary: 202611.12.0 is not running in pre-production yet",
        "frozen left out: the pool was created from a snapshot, which fixes its image",
    )


def test_a_completed_step_shows_its_evidence_and_duration() -> None:
    (row,) = run_message(WAITING, NODE_IMAGES).rows
    assert row.text == "8 of 8 nodes run 202611.05.0 and are Ready · 21 min"


def test_a_run_that_needs_a_person_shows_the_remedy_and_the_default() -> None:
    message = run_message(replace(WAITING, state=State.DONE, until=None, notify=True), NODE_IMAGES)
    assert message.state is State.NEEDS_YOU
    assert message.remedy == (
        "run this image on a cluster of the previous ring (the same OS and Kubernetes minor version), or upgrade the pool "
        "yourself; otherwise next week's run checks again"
    )


def test_a_normal_end_does_not_require_action() -> None:
    message = run_message(replace(WAITING, state=State.DONE, until=None), NODE_IMAGES)
    assert (message.state, message.remedy) == (State.DONE, "")


def test_the_thread_lists_each_event_once_with_the_newest_last() -> None:
    second = replace(DONE, id="pool.user2", title="user2", began=DONE.ended, ended=None, state=StepState.RUNNING)
    run = replace(WAITING, finished=(DONE,), steps=(second,), approved="approved by ana", began=BEGAN)
    details = run_details(run, "Node images")
    assert details is not None
    assert [(row.name, row.text) for row in details.rows] == [
        ("approval", "approved by ana"),
        ("user1", "begins"),
        ("user1", "8 of 8 nodes run 202611.05.0 and are Ready"),
        ("user2", "begins"),
    ]


def test_a_run_with_only_one_step_does_not_have_a_thread() -> None:
    assert run_details(WAITING, "Node images") is None


def test_a_run_that_waits_for_its_window_shows_the_opening_once() -> None:
    run = replace(WAITING, skips=(), why="next window opens", code="window")
    message = run_message(run, NODE_IMAGES)
    assert (message.lines, message.until_text) == ((), "next window opens")


def test_steps_that_an_ended_run_never_began_are_not_shown_as_waiting() -> None:
    left = replace(DONE, state=StepState.LEFT, began=None, ended=None, evidence="")
    halted = replace(RUN, state=State.HALTED, finished=(), steps=(left,))
    (row,) = run_message(halted, NODE_IMAGES).rows
    assert (row.text, row.state) == ("not started", State.SKIPPED)
    (still,) = run_message(replace(halted, state=State.WAITING), NODE_IMAGES).rows
    assert (still.text, still.state) == ("waiting", State.WAITING)


def test_a_drain_shows_its_progress_in_pods_and_an_upgrade_in_nodes() -> None:
    under_way = StepRecord("drain.n1", "drain n1", StepState.RUNNING, began=BEGAN, progress=Progress(1, 5, "pods"))
    upgrading = replace(under_way, id="pool.user2", progress=Progress(0, 1))
    shown = run_message(replace(RUN, state=State.RUNNING, finished=(), steps=(under_way, upgrading)), REBOOTS)
    assert [row.text for row in shown.rows] == ["1 of 5 pods", "0 of 1 node"]
