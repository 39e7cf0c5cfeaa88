"""The end of a run is published to other programs, even if the topic was down when the run ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ops.endpoints.timers import every_five_minutes
from ops.messaging.message_sync import publish, reconcile
from ops.model.json import Json
from ops.model.message import Message
from ops.model.run import State
from ops.ports.errors import RejectedError, TryLaterError
from ops.tables.runs import UnpublishedEnd, unpublished_ends
from tests.driving import manual_request, start
from tests.fakes import FakeChat, World, cluster
from tests.fakes.kept import FakeEvents

DOWN = TryLaterError("publishing: the topic does not answer")


def ended(world: World) -> str:
    world.clusters.put(cluster("shop-dev"))
    run = start(world, manual_request(world))
    publish(world.context.ports, run.record)
    return f"Daytwo.RunEnded {run.id}.ended"


def backlog(world: World, size: int, since: datetime) -> None:
    for number in range(size):
        unpublished_ends(world.store).insert(
            f"run-{number}", UnpublishedEnd("shop-dev", "node-image", "done", "", since)
        )


def waiting(world: World) -> int:
    return len(list(unpublished_ends(world.store).scan()))


def test_an_end_that_could_not_be_published_is_published_exactly_once_by_a_later_tick() -> None:
    world = World()
    world.events.refuse = DOWN
    event = ended(world)
    every_five_minutes(world.context)
    assert world.events.published == []
    world.events.refuse = None
    for _ in range(3):
        every_five_minutes(world.context)
    assert world.events.published == [event]


def test_an_end_is_published_once() -> None:
    world = World()
    event = ended(world)
    every_five_minutes(world.context)
    assert world.events.published == [event]


def test_an_end_is_no_longer_published_after_a_day() -> None:
    world = World()
    world.events.refuse = DOWN
    ended(world)
    world.clock.advance(hours=23)
    every_five_minutes(world.context)
    assert waiting(world) == 1
    world.clock.at += timedelta(hours=2)
    every_five_minutes(world.context)
    assert waiting(world) == 0


def test_a_topic_that_is_down_is_called_once_per_tick_whatever_the_size_of_the_backlog() -> None:
    world = World()
    backlog(world, 50, world.clock.at)
    world.events.refuse = DOWN
    every_five_minutes(world.context)
    assert (world.events.calls, waiting(world)) == (1, 50)
    world.events.refuse = None
    every_five_minutes(world.context)
    assert (len(world.events.published), waiting(world)) == (50, 0)


def test_all_ends_that_are_a_day_old_are_dropped_with_a_single_call_to_the_topic() -> None:
    world = World()
    backlog(world, 50, world.clock.at - timedelta(days=1))
    world.events.refuse = DOWN
    every_five_minutes(world.context)
    assert (world.events.calls, waiting(world)) == (1, 0)


def test_an_end_that_the_topic_rejects_does_not_block_the_others() -> None:
    world = World()
    backlog(world, 3, world.clock.at)
    world.events.refuse = RejectedError("PayloadTooLarge", "publishing: 413")
    every_five_minutes(world.context)
    assert world.events.calls == 3


@dataclass
class ChatObserver(FakeEvents):
    """Records how many messages the chat shows at the time of each call."""

    chat: FakeChat = field(default_factory=FakeChat)
    shown: list[int] = field(default_factory=list)

    def publish(self, kind: str, subject: str, data: Mapping[str, Json], event_id: str) -> None:
        self.shown.append(len(self.chat.shown))
        super().publish(kind, subject, data, event_id)


def test_messages_are_sent_before_events_are_published() -> None:
    world = World()
    world.events = topic = ChatObserver(chat=world.chat)
    world.chat.fail = [TryLaterError("posting: 503")]
    reconcile(world.context.ports, Message("run-1", State.RUNNING, "Node images", "shop-dev"))
    assert world.chat.shown == {}
    backlog(world, 1, world.clock.at)
    world.clock.advance(minutes=5)
    every_five_minutes(world.context)
    assert topic.shown == [1]


def test_a_record_from_an_earlier_version_is_kept_and_does_not_stop_the_tick() -> None:
    world = World()
    world.store.insert("unpublished", "node-image.x.m-1", {"event": {"run": "x"}, "why": "down"})
    backlog(world, 1, world.clock.at)
    every_five_minutes(world.context)
    assert world.events.published == ["Daytwo.RunEnded run-0.ended"]
    assert [record.key for record in world.store.scan("unpublished")] == ["node-image.x.m-1"]
