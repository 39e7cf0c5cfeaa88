"""The outbox by itself: what happens when a chat forgets, is asked too often, loses answers, or two processes send at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from ops.messaging.message_sync import reconcile
from ops.messaging.outbox import flush_outbox, message_key
from ops.model.json import Json
from ops.model.message import Message, Picture
from ops.model.run import State
from ops.ports.bundle import Ports
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import RejectedError, ThrottledError, TryLaterError
from ops.tables.messages import messages
from tests.fakes import FakeChat, World

KEY = message_key("slack", "C0123", "run-1")


def message(text: str, subject: str = "run-1", state: State = State.RUNNING) -> Message:
    return Message(subject, state, "Node images", "shop-dev", lines=(text,))


def tell(world: World, text: str, subject: str = "run-1", state: State = State.RUNNING) -> None:
    reconcile(world.context.ports, message(text, subject, state))


def shown(world: World) -> list[str]:
    """The line that each message shows, in the order of posting."""
    return [text_of(content) for content in world.chat.shown.values()]


def text_of(content: Mapping[str, Json]) -> str:
    blocks = content["blocks"]
    assert isinstance(blocks, list)
    return str(blocks[1]["text"]["text"])


def later(world: World, **delta: float) -> int:
    world.clock.pass_(**delta)
    return flush_outbox(world.context.ports)


def test_a_message_that_somebody_deleted_is_posted_anew() -> None:
    world = World()
    tell(world, "first")
    world.chat.shown.clear()
    world.chat.keys.clear()
    world.chat.fail = [RejectedError("message_not_found", "editing: Slack says message_not_found")]
    tell(world, "second")
    assert later(world, minutes=5) == 0
    assert shown(world) == ["second"]


def test_a_state_that_comes_back_after_an_edit_whose_answer_was_lost_is_shown() -> None:
    """The chat shows the one in between, and the record does not know."""
    world = World()
    tell(world, "one")
    world.chat.lose = 1
    tell(world, "two")
    tell(world, "one")
    later(world, minutes=5)
    assert shown(world) == ["one"]


def test_what_needs_somebody_goes_first() -> None:
    world = World()
    world.chat.fail = [TryLaterError("down") for _ in range(3)]
    tell(world, "plain", "a-run")
    tell(world, "asked", "b-request", State.NEEDS_YOU)
    tell(world, "other", "c-run")
    later(world, minutes=5)
    assert shown(world) == ["asked", "plain", "other"]


def test_a_search_that_fails_leaves_the_intent_and_nothing_is_doubled() -> None:
    world = World()
    world.chat.lose = 1
    tell(world, "one")
    world.chat.fail = [ThrottledError("searching: rate limited", 1)]
    later(world, minutes=5)
    later(world, minutes=5)
    assert (world.chat.posts, shown(world)) == (1, ["one"])


def test_after_too_many_calls_no_other_message_is_tried_either() -> None:
    world = World()
    world.chat.fail = [ThrottledError("posting: rate limited", 30)]
    tell(world, "one", "run-1")
    tell(world, "two", "run-2")
    assert (world.chat.posts, world.chat.fail) == (0, [])
    assert later(world, seconds=29) == 2
    assert later(world, seconds=1) == 0
    assert world.chat.posts == 2


def test_a_new_picture_under_the_same_words_is_an_edit() -> None:
    world = World()
    for number in (1, 1, 2):
        reference = world.store.put_content(f"picture {number}".encode())
        digest = replace(message("the week", "digest"), picture=Picture(reference, "all well"))
        reconcile(world.context.ports, digest)
    assert (world.chat.posts, world.chat.edits) == (1, 1)


@dataclass
class SlowChat(FakeChat):
    """Another process tells of the same subject while this one waits for the chat's answer."""

    meanwhile: list[Message] = field(default_factory=list)
    ports: Ports | None = None
    lose_after_meanwhile: bool = False

    def _tell(self) -> None:
        if self.meanwhile and self.ports is not None:
            reconcile(self.ports, self.meanwhile.pop())
            self.lose = int(self.lose_after_meanwhile)

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        self._tell()
        return super().post(channel, outgoing)

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        self._tell()
        super().edit(posted, outgoing)


def slow() -> tuple[World, SlowChat]:
    world = World()
    chat = SlowChat()
    world.chat = chat
    chat.ports = world.context.ports
    return world, chat


def test_two_processes_that_tell_at_once_post_once() -> None:
    world, chat = slow()
    chat.meanwhile = [message("second")]
    tell(world, "first")
    assert chat.posts == 1
    later(world, minutes=5)
    assert (chat.posts, shown(world)) == (1, ["second"])


def test_two_edits_at_once_end_with_the_last_state() -> None:
    """The older edit arrives last: the chat shows it until the next tick, and not for ever."""
    world, chat = slow()
    tell(world, "first")
    chat.meanwhile = [message("third")]
    tell(world, "second")
    assert shown(world) == ["second"]
    later(world, minutes=5)
    assert shown(world) == ["third"]


def test_an_older_edit_whose_answer_is_lost_does_not_stay() -> None:
    """The newer one is told as sent while the older is on its way; nobody hears that the older arrived after it."""
    world, chat = slow()
    tell(world, "first")
    chat.meanwhile = [message("third")]
    chat.lose_after_meanwhile = True
    tell(world, "second")
    assert shown(world) == ["second"]
    later(world, minutes=5)
    assert shown(world) == ["third"]


def test_a_killed_process_is_followed_by_a_search() -> None:
    world = World()
    world.chat.fail = [TryLaterError("down")]
    tell(world, "one")
    stored = messages(world.store).must_get(KEY)
    messages(world.store).replace(stored, replace(stored.value, posting_since=world.clock.at, retry_at=None))
    world.chat.post("C0123", Outgoing({"blocks": [{}, {"text": {"text": "x"}}]}, "run-1"))
    assert later(world, seconds=29) == 1
    assert later(world, seconds=1) == 0
    assert (world.chat.posts, shown(world)) == (1, ["one"])


def backlog() -> World:
    world = World()
    world.chat.fail = [TryLaterError("down") for _ in range(300)]
    for number in range(300):
        tell(world, "one", f"run-{number:03}")
    world.clock.pass_(minutes=5)
    return world


def test_a_tick_works_off_a_backlog_at_the_chats_pace_and_not_for_ever() -> None:
    world = backlog()
    began = world.clock.at

    def pause(seconds: float) -> None:
        world.clock.pass_(seconds=seconds)

    assert flush_outbox(world.context.ports, pause) == 300 - 161
    assert (world.chat.posts, world.clock.at - began) == (161, timedelta(seconds=200))


def test_where_waiting_moves_no_clock_nobody_waits_for_ever() -> None:
    world = backlog()
    waited: list[float] = []
    assert flush_outbox(world.context.ports, waited.append) == 299
    assert len(waited) == 299
