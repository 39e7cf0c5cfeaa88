"""What could not be read is never upgraded, and asked again until the week has no window left (docs/node-image.md, rule 8)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import Unknown
from ops.model.run import StepRecord, StepState
from tests.fakes import MONDAY, NEW, cluster, pool
from tests.runbooks.test_node_image import IN_WINDOW, decide, facts, run

DENIED, SILENT = Unknown("no rights"), Unknown("no answer", transient=True)
AFTER = MONDAY + timedelta(days=6)
UNREAD = {
    "nodes": (facts(cluster(), nodes=DENIED), "the nodes could not be read: no rights"),
    "image": (facts(cluster(), newest=DENIED), "the newest image of user1 could not be read: no rights"),
}


@pytest.mark.parametrize("what", UNREAD)
def test_what_was_refused_is_asked_again_every_hour(what: str) -> None:
    known, why = UNREAD[what]
    decision = decide(known)
    assert isinstance(decision, Wait)
    assert (decision.until, decision.why, decision.code) == (IN_WINDOW + timedelta(hours=1), why, "unreadable")


def test_what_may_pass_is_asked_again_in_five_minutes() -> None:
    decision = decide(facts(cluster(), nodes=SILENT))
    assert isinstance(decision, Wait)
    assert (decision.until, decision.notify) == (IN_WINDOW + timedelta(minutes=5), False)


@pytest.mark.parametrize(("at", "is_loud"), [(MONDAY, False), (IN_WINDOW, True)])
def test_somebody_is_called_on_once_a_window_is_open(at: datetime, is_loud: bool) -> None:  # noqa: FBT001 - a case of the table
    decision = decide(facts(cluster(), nodes=DENIED), at)
    assert isinstance(decision, Wait)
    assert decision.notify is is_loud


@pytest.mark.parametrize("what", UNREAD)
def test_after_the_weeks_last_window_it_is_left_out(what: str) -> None:
    known, why = UNREAD[what]
    decision = decide(known, AFTER)
    assert isinstance(decision, Nothing)
    assert [skip.code for skip in decision.skips] == ["unknown-image"]
    assert why.rpartition(": ")[2] in decision.why


@pytest.mark.parametrize(("at", "is_loud"), [(IN_WINDOW, False), (MONDAY + timedelta(days=3, hours=23), True)])
def test_what_may_pass_calls_on_somebody_in_the_weeks_last_window(at: datetime, is_loud: bool) -> None:  # noqa: FBT001 - a case of the table
    decision = decide(facts(cluster(), nodes=SILENT), at)
    assert isinstance(decision, Wait)
    assert decision.notify is is_loud


def planned(first: Unknown | str, second: Unknown | str) -> list[str]:
    """Which of two pools are upgraded now, whose newest images read so."""
    of = cluster("shop-dev", pool("user1"), pool("user2"))
    decision = decide(replace(facts(of), newest_images={"user1": first, "user2": second}))
    return [step.title for step in decision.plan.steps] if isinstance(decision, Act) else []


def test_a_pool_whose_image_was_refused_holds_up_no_other() -> None:
    assert planned(DENIED, NEW) == ["user2"]


def test_a_pool_whose_image_may_be_read_in_a_while_keeps_its_place() -> None:
    assert planned(SILENT, NEW) == []
    assert planned(NEW, SILENT) == ["user1"]


def test_once_every_pool_is_done_nothing_more_has_to_be_read() -> None:
    done = StepRecord("pool.user1", "user1", StepState.DONE)
    decision = decide(facts(cluster(), nodes=DENIED), of=run(finished=(done,)))
    assert isinstance(decision, Nothing)


def test_what_was_refused_of_one_pool_does_not_slow_what_may_pass_of_another() -> None:
    of = cluster("shop-dev", pool("user1"), pool("user2"))
    decision = decide(replace(facts(of), newest_images={"user1": DENIED, "user2": SILENT}))
    assert isinstance(decision, Wait)
    assert (decision.until, decision.notify) == (IN_WINDOW + timedelta(minutes=5), True)


@pytest.mark.parametrize("what", UNREAD)
def test_what_could_never_be_read_is_worth_a_look_at_the_end(what: str) -> None:
    known, _ = UNREAD[what]
    decision = decide(known, AFTER)
    assert isinstance(decision, Nothing)
    assert decision.notify
