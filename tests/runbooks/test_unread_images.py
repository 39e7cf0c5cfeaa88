"""What could not be read is never upgraded, and asked again until the week has no window left (docs/node-image.md, rule 8)."""

from datetime import timedelta

import pytest

from ops.model.decision import Act, Nothing, Wait
from ops.model.fleet import Unknown
from tests.fakes import MONDAY, NEW, cluster, nodes_of, pool
from tests.runbooks.test_node_image import IN_WINDOW, decide, facts

DENIED, SILENT = Unknown("no rights"), Unknown("no answer", passing=True)
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
    assert (decision.until, decision.loud) == (IN_WINDOW + timedelta(minutes=5), False)


@pytest.mark.parametrize(("at", "is_loud"), [(MONDAY, False), (IN_WINDOW, True)])
def test_somebody_is_called_on_once_a_window_is_open(at: object, is_loud: bool) -> None:  # noqa: FBT001 - a case of the table
    decision = decide(facts(cluster(), nodes=DENIED), at)  # type: ignore[arg-type]  # a time
    assert isinstance(decision, Wait)
    assert decision.loud is is_loud


@pytest.mark.parametrize("what", UNREAD)
def test_after_the_weeks_last_window_it_is_left_out(what: str) -> None:
    known, why = UNREAD[what]
    decision = decide(known, AFTER)
    assert isinstance(decision, Nothing)
    assert [skip.code for skip in decision.skips] == ["unknown-image"]
    assert why.rpartition(": ")[2] in decision.why


def test_a_pool_whose_image_cannot_be_read_holds_up_no_other() -> None:
    of = cluster("shop-dev", pool("user1"), pool("user2"))
    known = facts(of)
    decision = decide(type(known)(of, {"user1": SILENT, "user2": NEW}, nodes_of(of), {}, {}))
    assert isinstance(decision, Act)
    assert [step.title for step in decision.plan.steps] == ["user2"]
