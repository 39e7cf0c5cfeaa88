"""A pool whose image cannot be read is not upgraded; the read is retried until the week has no window left.

See docs/node-image.md, rule 8.
"""

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
MISSING = {
    "nodes": (facts(cluster(), nodes=DENIED), "the nodes could not be read: no rights"),
    "image": (facts(cluster(), newest=DENIED), "the newest image of user1 could not be read: no rights"),
}


@pytest.mark.parametrize("what", MISSING)
def test_reading_a_denied_fact_is_retried_every_hour(what: str) -> None:
    known, why = MISSING[what]
    decision = decide(known)
    assert isinstance(decision, Wait)
    assert (decision.until, decision.why, decision.code) == (IN_WINDOW + timedelta(hours=1), why, "unreadable")


def test_reading_a_temporarily_missing_fact_is_retried_in_five_minutes() -> None:
    decision = decide(facts(cluster(), nodes=SILENT))
    assert isinstance(decision, Wait)
    assert (decision.until, decision.notify) == (IN_WINDOW + timedelta(minutes=5), False)


def test_a_read_that_is_throttled_is_repeated_when_the_server_allows_it() -> None:
    decision = decide(facts(cluster(), nodes=Unknown("429", transient=True, retry_after_s=1_200)))
    assert isinstance(decision, Wait)
    assert decision.until == IN_WINDOW + timedelta(minutes=20)


@pytest.mark.parametrize(("at", "notified"), [(MONDAY, False), (IN_WINDOW, True)])
def test_people_are_notified_about_a_denied_fact_once_a_window_is_open(at: datetime, notified: bool) -> None:  # noqa: FBT001 - a case
    decision = decide(facts(cluster(), nodes=DENIED), at)
    assert isinstance(decision, Wait)
    assert decision.notify is notified


@pytest.mark.parametrize("what", MISSING)
def test_the_pool_is_skipped_after_the_weeks_last_window(what: str) -> None:
    known, why = MISSING[what]
    decision = decide(known, AFTER)
    assert isinstance(decision, Nothing)
    assert [skip.code for skip in decision.skips] == ["unknown-image"]
    assert why.rpartition(": ")[2] in decision.why


@pytest.mark.parametrize(("at", "notified"), [(IN_WINDOW, False), (MONDAY + timedelta(days=3, hours=23), True)])
def test_people_are_notified_about_a_transient_error_in_the_weeks_last_window(at: datetime, notified: bool) -> None:  # noqa: FBT001 - a case
    decision = decide(facts(cluster(), nodes=SILENT), at)
    assert isinstance(decision, Wait)
    assert decision.notify is notified


def planned(first: Unknown | str, second: Unknown | str) -> list[str]:
    """The decision for two pools whose newest images are these."""
    of = cluster("shop-dev", pool("user1"), pool("user2"))
    decision = decide(replace(facts(of), newest_images={"user1": first, "user2": second}))
    return [step.title for step in decision.plan.steps] if isinstance(decision, Act) else []


def test_a_pool_whose_image_cannot_be_read_does_not_block_the_others() -> None:
    assert planned(DENIED, NEW) == ["user2"]


def test_a_pool_whose_image_is_temporarily_missing_keeps_its_position() -> None:
    assert planned(SILENT, NEW) == []
    assert planned(NEW, SILENT) == ["user1"]


def test_missing_facts_no_longer_matter_once_every_pool_is_done() -> None:
    done = StepRecord("pool.user1", "user1", StepState.DONE)
    decision = decide(facts(cluster(), nodes=DENIED), of=run(finished=(done,)))
    assert isinstance(decision, Nothing)


def test_a_denied_fact_about_one_pool_does_not_delay_the_retry_for_another() -> None:
    of = cluster("shop-dev", pool("user1"), pool("user2"))
    decision = decide(replace(facts(of), newest_images={"user1": DENIED, "user2": SILENT}))
    assert isinstance(decision, Wait)
    assert (decision.until, decision.notify) == (IN_WINDOW + timedelta(minutes=5), True)


@pytest.mark.parametrize("what", MISSING)
def test_people_are_notified_at_the_end_about_a_fact_that_was_never_read(what: str) -> None:
    known, _ = MISSING[what]
    decision = decide(known, AFTER)
    assert isinstance(decision, Nothing)
    assert decision.notify
