"""How a run ended reaches other programs, though their topic was down when it did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ops.endpoints.timers import every_five_minutes
from ops.engine.run_starter import start_run
from ops.messaging.message_sync import publish, reconcile
from ops.model.json import Json
from ops.model.message import Message
from ops.model.run import State
from ops.model.run_request import RunRequest
from ops.ports.errors import RejectedError, TryLaterError
from ops.tables.runs import UnpublishedEnd, unpublished_ends
from tests.fakes import FakeChat, World, cluster
from tests.fakes.kept import FakeEvents

DOWN = TryLaterError("publishing: the topic does not answer")


def ended(by: World) -> str:
    only = cluster("shop-dev")
    run, _ = start_run(by.context, RunRequest("node-image", only.id, only.name, "m-1", by.clock.at, "http", "ana"))
    publish(by.context.ports, run)
    return f"Daytwo.RunEnded {run.id}.ended"


def backlog(by: World, size: int, since: datetime) -> None:
    for number in range(size):
        unpublished_ends(by.store).insert(f"run-{number}", UnpublishedEnd("shop-dev", "node-image", "done", "", since))


def waiting(by: World) -> int:
    return len(list(unpublished_ends(by.store).scan()))


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
    assert waiting(by) == 1
    by.clock.at += timedelta(hours=2)
    every_five_minutes(by.context)
    assert waiting(by) == 0


def test_a_topic_that_is_down_is_asked_once_a_tick_however_much_waits() -> None:
    by = World()
    backlog(by, 50, by.clock.at)
    by.events.refuse = DOWN
    every_five_minutes(by.context)
    assert (by.events.asked, waiting(by)) == (1, 50)
    by.events.refuse = None
    every_five_minutes(by.context)
    assert (len(by.events.published), waiting(by)) == (50, 0)


def test_what_is_a_day_old_is_given_up_together_though_the_topic_is_asked_once() -> None:
    by = World()
    backlog(by, 50, by.clock.at - timedelta(days=1))
    by.events.refuse = DOWN
    every_five_minutes(by.context)
    assert (by.events.asked, waiting(by)) == (1, 0)


def test_an_end_that_is_refused_for_itself_holds_up_no_other() -> None:
    by = World()
    backlog(by, 3, by.clock.at)
    by.events.refuse = RejectedError("PayloadTooLarge", "publishing: 413")
    every_five_minutes(by.context)
    assert by.events.asked == 3


@dataclass
class Watching(FakeEvents):
    """Notes what the chat had shown when the topic was asked."""

    chat: FakeChat = field(default_factory=FakeChat)
    shown: list[int] = field(default_factory=list)

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        self.shown.append(len(self.chat.shown))
        super().publish(kind, subject, data, event_id)


def test_people_are_told_before_the_topic_is_asked() -> None:
    by = World()
    by.events = topic = Watching(chat=by.chat)
    by.chat.fail = [TryLaterError("posting: 503")]
    reconcile(by.context.ports, Message("run-1", State.RUNNING, "Node images", "shop-dev"))
    assert by.chat.shown == {}
    backlog(by, 1, by.clock.at)
    by.clock.pass_(minutes=5)
    every_five_minutes(by.context)
    assert topic.shown == [1]


def test_what_an_earlier_version_left_stops_no_tick_and_stays() -> None:
    by = World()
    by.store.insert("unpublished", "node-image.x.m-1", {"event": {"run": "x"}, "why": "down"})
    backlog(by, 1, by.clock.at)
    every_five_minutes(by.context)
    assert by.events.published == ["Daytwo.RunEnded run-0.ended"]
    assert [record.key for record in by.store.scan("unpublished")] == ["node-image.x.m-1"]
