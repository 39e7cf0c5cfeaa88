"""The outbox on its own: a chat that loses messages or responses, rate limits, and two processes that send simultaneously."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from ops.messaging.conditions import report_refused_messages
from ops.messaging.message_sync import reconcile
from ops.messaging.outbox import flush_outbox, message_key
from ops.model.json import Json
from ops.model.message import Message, Picture
from ops.model.run import State
from ops.ports.bundle import Ports
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import ClosedChannelError, RejectedError, ThrottledError, TryLaterError, UneditableError
from ops.tables.conditions import open_conditions
from ops.tables.messages import messages
from tests.fakes import FakeChat, World

KEY = message_key("slack", "C0123", "run-1")


def message(text: str, subject: str = "run-1", state: State = State.RUNNING) -> Message:
    return Message(subject, state, "Node images", "shop-dev", lines=(text,))


def report(world: World, text: str, subject: str = "run-1", state: State = State.RUNNING) -> None:
    reconcile(world.context.ports, message(text, subject, state))


def shown(world: World) -> list[str]:
    """The line that each message shows, in posting order."""
    return [text_of(content) for content in world.chat.shown.values()]


def text_of(content: Mapping[str, Json]) -> str:
    blocks = content["blocks"]
    assert isinstance(blocks, list)
    return str(blocks[1]["text"]["text"])


def later(world: World, **delta: float) -> int:
    world.clock.advance(**delta)
    return flush_outbox(world.context.ports)


def test_a_message_that_was_deleted_in_the_chat_is_reposted() -> None:
    world = World()
    report(world, "first")
    world.chat.shown.clear()
    world.chat.keys.clear()
    world.chat.fail = [uneditable("message_not_found")]
    report(world, "second")
    assert shown(world) == ["second"]
    report(world, "third")
    assert (shown(world), world.chat.posts) == (["third"], 2)


def test_a_message_that_can_never_be_edited_is_posted_again_once_and_at_its_end() -> None:
    """Each post notifies people, so progress in between is not posted."""
    world = World()
    report(world, "first")
    for number in range(200):
        world.chat.fail = [uneditable("cant_update_message")]
        report(world, f"progress {number}")
        world.clock.advance(minutes=5)
    assert world.chat.posts == 2
    world.chat.fail = [uneditable("cant_update_message")]
    world.clock.advance(hours=12)
    report(world, "the end", state=State.DONE)
    assert (world.chat.posts, shown(world)[-1]) == (3, "the end")


@pytest.mark.parametrize("error", [RejectedError("invalid_blocks", "no"), ClosedChannelError("is_archived", "no")])
def test_a_lasting_refusal_is_attempted_at_most_six_times_a_day(error: RejectedError) -> None:
    world = World()
    report(world, "one")
    world.chat.fail = [error] * 1_000
    report(world, "two")
    for number in range(12 * 24):
        report(world, f"progress {number}")
        later(world, minutes=5)
    assert 1_000 - len(world.chat.fail) == 6
    for _ in range(12 * 24):
        later(world, minutes=5)
    assert 1_000 - len(world.chat.fail) == 8


def test_a_closed_channel_is_tried_with_one_message_only_and_catches_up_once_it_is_open() -> None:
    world = World()
    world.chat.fail = [ClosedChannelError("not_in_channel", "posting: not_in_channel")]
    for number in range(20):
        report(world, f"about {number}", f"run-{number}")
    assert (world.chat.posts, world.chat.fail) == (0, [])
    assert later(world, minutes=29) == 20
    assert later(world, minutes=2) == 0
    assert world.chat.posts == 20


def test_a_channel_that_refuses_messages_is_a_condition_until_it_accepts_them() -> None:
    world = World()
    reconcile(world.context.ports, message("one"), ("slack|C0456",))
    world.chat.fail = [ClosedChannelError("is_archived", "editing run-1 in Slack: Slack answered is_archived")]
    reconcile(world.context.ports, message("two"), ("slack|C0456",))
    for _ in range(3):
        report_refused_messages(world.context.ports, world.clock.at)
    (condition,) = open_conditions(world.store)
    assert (condition.what, condition.where) == ("slack", "C0456")
    assert condition.text == (
        "messages are refused: editing run-1 in Slack: Slack answered is_archived; not shown in this channel: run-1"
    )
    assert world.chat.posts == 2  # the message, and the condition in the default channel
    later(world, minutes=31)
    report_refused_messages(world.context.ports, world.clock.at)
    assert open_conditions(world.store) == ()


def test_a_condition_about_the_only_channel_is_on_record_although_it_cannot_be_posted() -> None:
    world = World()
    world.chat.fail = [ClosedChannelError("is_archived", "posting: is_archived")] * 10
    report(world, "one")
    for _ in range(3):
        report_refused_messages(world.context.ports, world.clock.at)
    assert [condition.where for condition in open_conditions(world.store)] == ["C0123"]
    assert len(world.chat.fail) == 9
    later(world, minutes=31)  # now the message about the condition is refused
    report_refused_messages(world.context.ports, world.clock.at)
    (condition,) = open_conditions(world.store)
    assert condition.text.endswith("not shown in this channel: run-1")


def uneditable(code: str) -> UneditableError:
    return UneditableError(code, f"editing run-1 in Slack: Slack answered {code}")


def test_a_rejected_message_is_logged_once_per_problem(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.chat.fail = [
        RejectedError("invalid_blocks", "posting run-1 to Slack: Slack answered invalid_blocks"),
        RejectedError("invalid_blocks", "posting run-1 to Slack: Slack answered invalid_blocks"),
        RejectedError("msg_too_long", "posting run-1 to Slack: Slack answered msg_too_long"),
    ]
    report(world, "one")
    assert later(world, minutes=30) == 1
    assert later(world, hours=1) == 1
    assert later(world, hours=2) == 0
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        f"slack has not accepted the message about run-1 in channel C0123: posting run-1 to Slack: Slack answered {code}"
        for code in ("invalid_blocks", "msg_too_long")
    ]


def test_a_busy_or_unreachable_chat_is_not_logged_as_a_rejection(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    world.chat.fail = [ThrottledError("rate limited", 30), TryLaterError("no response")]
    report(world, "one")
    later(world, minutes=5)
    assert caplog.records == []


def test_a_recurring_state_is_shown_even_if_the_response_to_an_edit_in_between_was_lost() -> None:
    """The chat shows the intermediate state, which is unknown to the record."""
    world = World()
    report(world, "one")
    world.chat.lose = 1
    report(world, "two")
    report(world, "one")
    later(world, minutes=5)
    assert shown(world) == ["one"]


def test_messages_that_require_a_person_are_sent_first() -> None:
    world = World()
    world.chat.fail = [TryLaterError("down") for _ in range(3)]
    report(world, "plain", "a-run")
    report(world, "request", "b-request", State.NEEDS_YOU)
    report(world, "other", "c-run")
    later(world, minutes=5)
    assert shown(world) == ["request", "plain", "other"]


def test_a_failed_search_is_retried_and_does_not_cause_a_duplicate() -> None:
    world = World()
    world.chat.lose = 1
    report(world, "one")
    world.chat.fail = [ThrottledError("searching: rate limited", 1)]
    later(world, minutes=5)
    later(world, minutes=5)
    assert (world.chat.posts, shown(world)) == (1, ["one"])


def test_no_further_messages_are_attempted_after_a_rate_limit() -> None:
    world = World()
    world.chat.fail = [ThrottledError("posting: rate limited", 30)]
    report(world, "one", "run-1")
    report(world, "two", "run-2")
    assert (world.chat.posts, world.chat.fail) == (0, [])
    assert later(world, seconds=29) == 2
    assert later(world, seconds=1) == 0
    assert world.chat.posts == 2


def test_a_new_picture_causes_an_edit_even_if_the_text_is_the_same() -> None:
    world = World()
    for number in (1, 1, 2):
        reference = world.store.put_content(f"picture {number}".encode())
        digest = replace(message("the week", "digest"), picture=Picture(reference, "all well"))
        reconcile(world.context.ports, digest)
    assert (world.chat.posts, world.chat.edits) == (1, 1)


@dataclass
class SlowChat(FakeChat):
    """Another process reports on the same subject while this one is waiting for the chat's response."""

    meanwhile: list[Message] = field(default_factory=list)
    ports: Ports | None = None
    lose_after_meanwhile: bool = False

    def _report_meanwhile(self) -> None:
        if self.meanwhile and self.ports is not None:
            reconcile(self.ports, self.meanwhile.pop())
            self.lose = int(self.lose_after_meanwhile)

    def post(self, channel: str, outgoing: Outgoing) -> Posted:
        self._report_meanwhile()
        return super().post(channel, outgoing)

    def edit(self, posted: Posted, outgoing: Outgoing) -> None:
        self._report_meanwhile()
        super().edit(posted, outgoing)


def world_with_slow_chat() -> tuple[World, SlowChat]:
    world = World()
    chat = SlowChat()
    world.chat = chat
    chat.ports = world.context.ports
    return world, chat


def test_two_processes_that_report_simultaneously_post_once() -> None:
    world, chat = world_with_slow_chat()
    chat.meanwhile = [message("second")]
    report(world, "first")
    assert chat.posts == 1
    later(world, minutes=5)
    assert (chat.posts, shown(world)) == (1, ["second"])


def test_the_newer_state_is_shown_after_two_simultaneous_edits() -> None:
    """The older edit arrives last, so the chat shows it until the next tick."""
    world, chat = world_with_slow_chat()
    report(world, "first")
    chat.meanwhile = [message("third")]
    report(world, "second")
    assert shown(world) == ["second"]
    later(world, minutes=5)
    assert shown(world) == ["third"]


def test_an_older_edit_whose_response_is_lost_is_corrected() -> None:
    """The newer edit is recorded as sent while the older one is in transit. No response reveals that the older one arrived last."""
    world, chat = world_with_slow_chat()
    report(world, "first")
    chat.meanwhile = [message("third")]
    chat.lose_after_meanwhile = True
    report(world, "second")
    assert shown(world) == ["second"]
    later(world, minutes=5)
    assert shown(world) == ["third"]


def test_a_message_whose_sender_was_killed_is_searched_for() -> None:
    world = World()
    world.chat.fail = [TryLaterError("down")]
    report(world, "one")
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
        report(world, "one", f"run-{number:03}")
    world.clock.advance(minutes=5)
    return world


def test_a_tick_sends_a_backlog_for_a_limited_time_at_the_rate_that_the_chat_allows() -> None:
    world = backlog()
    began = world.clock.at

    def pause(seconds: float) -> None:
        world.clock.advance(seconds=seconds)

    assert flush_outbox(world.context.ports, pause) == 300 - 161
    assert (world.chat.posts, world.clock.at - began) == (161, timedelta(seconds=200))


def test_a_tick_ends_even_if_the_clock_does_not_move_during_its_pauses() -> None:
    world = backlog()
    waited: list[float] = []
    assert flush_outbox(world.context.ports, waited.append) == 299
    assert len(waited) == 299
