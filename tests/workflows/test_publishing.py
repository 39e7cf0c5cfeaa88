"""How a run ended reaches other programs, though their topic was down when it did."""

from datetime import timedelta

from ops.intake.ticks import every_five_minutes
from ops.model.signal import Signal
from ops.ports import TryLaterError
from ops.workflows.reporting import publish
from ops.workflows.starting import start
from tests.fakes import World, cluster

DOWN = TryLaterError("publishing: the topic does not answer")


def ended(by: World) -> str:
    only = cluster("shop-dev")
    run, _ = start(by.context, Signal("node-image", only.id, only.name, "m-1", by.clock.at, "http", "ana"))
    publish(by.context.ports, run)
    return f"Daytwo.RunEnded {run.id}.ended"


def test_an_end_that_a_topic_did_not_take_is_told_by_a_later_tick_once() -> None:
    by = World()
    by.events.refuse = DOWN
    told = ended(by)
    every_five_minutes(by.context)
    assert by.events.published == []
    by.events.refuse = None
    for _ in range(3):
        every_five_minutes(by.context)
    assert by.events.published == [told]


def test_an_end_that_was_taken_is_told_once() -> None:
    by = World()
    told = ended(by)
    every_five_minutes(by.context)
    assert by.events.published == [told]


def test_after_a_day_it_is_given_up() -> None:
    by = World()
    by.events.refuse = DOWN
    ended(by)
    by.clock.pass_(hours=23)
    every_five_minutes(by.context)
    assert len(list(by.store.scan("unpublished"))) == 1
    by.clock.at += timedelta(hours=2)
    every_five_minutes(by.context)
    assert list(by.store.scan("unpublished")) == []
