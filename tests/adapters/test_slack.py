"""The Slack client against the simulated Slack: threads, pictures, ephemeral replies, and invalid responses."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from ops.chats.slack.client import SlackChat
from ops.chats.slack.errors import PictureNotReadyError
from ops.chats.slack.renderer import plainly, render
from ops.chats.slack.replies import SlackReplies
from ops.model.message import Message, Picture
from ops.model.run import State
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import (
    ClosedChannelError,
    OutsideError,
    RejectedError,
    ThrottledError,
    TryLaterError,
    UneditableError,
)
from simulator.slack.api import TOKEN
from simulator.slack.hooks import PREFIX as HOOKS
from tests.fakes import MONDAY, FakeClock
from tests.slack_server import SlackServer, serving

PLAIN = render(Message("run-1", State.RUNNING, "Node images", "shop-dev"))
DIGEST = render(Message("digest", State.DONE, "Digest", "the week", picture=Picture("content/1", "all well")))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with serving(SlackServer(FakeClock())) as served:
        yield served


@pytest.fixture
def chat(slack: SlackServer) -> SlackChat:
    return SlackChat(TOKEN, "C0123", slack.url)


def later(slack: SlackServer) -> None:
    slack.clock.advance(seconds=2)


def test_a_message_is_found_in_its_channel_and_a_reply_in_its_thread(slack: SlackServer, chat: SlackChat) -> None:
    root = chat.post("C0123", Outgoing(PLAIN, "run-1"))
    later(slack)
    answer = chat.post("C0123", Outgoing(PLAIN, "run-1.details", thread=root))
    assert chat.find("C0123", "run-1", MONDAY) == root
    assert chat.find("C0123", "run-1.details", MONDAY) is None
    assert chat.find("C0123", "run-1.details", MONDAY, root) == answer
    assert chat.find("C0123", "run-2", MONDAY) is None


def test_a_message_is_found_on_a_later_page_but_not_before_the_search_start(
    slack: SlackServer, chat: SlackChat
) -> None:
    first = chat.post("C0123", Outgoing(PLAIN, "run-0"))
    for number in range(1, 205):
        later(slack)
        chat.post("C0123", Outgoing(PLAIN, f"run-{number}"))
    slack.clock.advance(minutes=5)
    assert chat.find("C0123", "run-0", MONDAY) == first
    assert chat.find("C0123", "run-0", MONDAY + timedelta(minutes=3)) is None


def test_a_picture_is_uploaded_once_and_shown_after_slack_has_processed_it(slack: SlackServer, chat: SlackChat) -> None:
    outgoing = Outgoing(DIGEST, "digest", picture=PNG)
    with pytest.raises(PictureNotReadyError) as caught:
        chat.post("C0123", outgoing)
    assert caught.value.retry_after_s == 5
    later(slack)
    posted = chat.post("C0123", outgoing)
    chat.edit(posted, outgoing)
    blocks: Any = slack.shown()["digest"][0].blocks
    (image,) = [block for block in blocks if block["type"] == "image"]
    (file,) = slack.api.files.files.values()
    assert (image["slack_file"], image["alt_text"], file.content) == ({"id": file.id}, "all well", PNG)


def test_a_picture_that_is_never_processed_does_not_block_the_message(slack: SlackServer, chat: SlackChat) -> None:
    outgoing = Outgoing(DIGEST, "digest", picture=b"this is not a PNG")
    for _ in range(3):
        later(slack)
        with pytest.raises(PictureNotReadyError):
            chat.post("C0123", outgoing)
    later(slack)
    chat.post("C0123", outgoing)
    assert [block["type"] for block in slack.shown()["digest"][0].blocks] == ["section"]


def test_a_message_without_its_picture_has_no_placeholder(slack: SlackServer, chat: SlackChat) -> None:
    chat.post("C0123", Outgoing(DIGEST, "digest"))
    assert [block["type"] for block in slack.shown()["digest"][0].blocks] == ["section"]


@pytest.mark.parametrize(
    "garbage",
    [
        (200, "text/html", b"<html>Sign in to the hotel's network</html>"),
        (200, "application/json", b""),
        (200, "application/json", b"[]"),
        (200, "application/json", b"null"),
        (200, "application/json", b'"ok"'),
        (200, "application/json", b"{}"),
        (200, "application/json", b'{"ok": true}'),
        (200, "application/json", b'{"ok": true, "ts": 5, "channel": null, "messages": "none", "files": []}'),
        (200, "application/json", b'{"ok": false}'),
        (200, "application/json", b'{"ok": false, "error": {"code": 5}}'),
        (200, "application/json; charset=unheard-of", b'{"ok": true}'),
        (200, "application/json", b'{"ok": tr'),
        (200, "application/gzip", b"\x1f\x8b"),
        (403, "text/html", b"<html>blocked</html>"),
        (502, "text/html", b"<html>Bad gateway</html>"),
        (503, "application/json", b""),
    ],
)
def test_an_invalid_response_becomes_a_try_later_error_for_every_method(
    slack: SlackServer, chat: SlackChat, garbage: tuple[int, str, bytes]
) -> None:
    """The outcome is unknown, so the call counts as having lost its response rather than as a success or a rejection."""
    slack.garbage = garbage
    calls: list[Callable[[], object]] = [
        lambda: chat.post("C0123", Outgoing(PLAIN, "run-1")),
        lambda: chat.edit(Posted("C0123", "1.0"), Outgoing(PLAIN, "run-1")),
        lambda: chat.find("C0123", "run-1", MONDAY),
        lambda: chat.post("C0123", Outgoing(DIGEST, "digest", picture=PNG)),
    ]
    for call in calls:
        with pytest.raises(TryLaterError):
            call()


def test_a_rate_limit_error_carries_its_retry_after(chat: SlackChat) -> None:
    chat.post("C0123", Outgoing(PLAIN, "run-1"))
    with pytest.raises(ThrottledError) as caught:
        chat.post("C0123", Outgoing(PLAIN, "run-2"))
    assert caught.value.retry_after_s == 1


def test_a_rejection_carries_slacks_error_code(chat: SlackChat) -> None:
    with pytest.raises(RejectedError, match="channel_not_found") as caught:
        chat.post("C0999", Outgoing(PLAIN, "run-1"))
    assert caught.value.code == "channel_not_found"


@pytest.mark.parametrize("code", ["cant_update_message", "edit_window_closed"])
def test_an_edit_that_slack_refuses_for_good_has_its_own_error(slack: SlackServer, chat: SlackChat, code: str) -> None:
    posted = chat.post("C0123", Outgoing(PLAIN, "run-1"))
    slack.api.channels["C0123"].messages[0].edit_error = code
    with pytest.raises(UneditableError, match=code):
        chat.edit(posted, Outgoing(PLAIN, "run-1"))
    with pytest.raises(UneditableError, match="message_not_found"):
        chat.edit(Posted("C0123", "1.0"), Outgoing(PLAIN, "run-1"))


def test_an_archived_channel_accepts_neither_posts_nor_edits(slack: SlackServer, chat: SlackChat) -> None:
    posted = chat.post("C0123", Outgoing(PLAIN, "run-1"))
    slack.api.channels["C0123"].archived = True
    with pytest.raises(ClosedChannelError, match="is_archived"):
        chat.edit(posted, Outgoing(PLAIN, "run-1"))
    with pytest.raises(ClosedChannelError, match="is_archived"):
        chat.post("C0123", Outgoing(PLAIN, "run-2"))


def test_error_messages_never_contain_the_token(slack: SlackServer) -> None:
    chat = SlackChat("xoxb-another-secret", "C0123", slack.url)
    with pytest.raises(OutsideError) as caught:
        chat.post("C0123", Outgoing(PLAIN, "run-1"))
    assert "xoxb" not in f"{caught.value} {chat}"


def hook(slack: SlackServer) -> str:
    path = slack.api.hooks.make("actions", slack.api.channels["C0123"], "U0ANA", None)
    return slack.url.split("/slack/")[0] + path


def answers(slack: SlackServer) -> SlackReplies:
    return SlackReplies(frozenset({slack.url.split("/")[2]}))


def test_an_ephemeral_reply_reaches_one_person(slack: SlackServer) -> None:
    answers(slack).send(hook(slack), plainly("approved by ana"))
    (reply,) = slack.api.hooks.ephemeral
    assert (reply.user, reply.text) == ("U0ANA", "approved by ana")


def test_nothing_is_sent_to_an_address_outside_slack(slack: SlackServer) -> None:
    for address in ("http://169.254.169.254/x", "https://hooks.slack.com.evil.example/x", "", "garbage", "https://[x"):
        with pytest.raises(RejectedError):
            answers(slack).send(address, plainly("x"))
    assert slack.calls == []


def test_replies_are_sent_only_to_slack_hosts_over_https(slack: SlackServer) -> None:
    """The reply is private, so a familiar host alone does not make an address safe. Only a simulated world uses http."""
    port = slack.url.split(":")[2].split("/")[0]
    named = SlackReplies(frozenset({f"localhost:{port}"}))
    path = hook(slack).removeprefix(f"http://127.0.0.1:{port}")
    with pytest.raises(RejectedError, match="does not belong to Slack"):
        named.send(f"http://localhost:{port}{path}", plainly("x"))
    assert slack.api.hooks.ephemeral == []


def test_an_expired_address_is_not_retried(slack: SlackServer) -> None:
    address = hook(slack)
    for _ in range(5):
        answers(slack).send(address, plainly("x"))
    with pytest.raises(RejectedError):
        answers(slack).send(address, plainly("x"))
    slack.api.hooks.in_trouble = True
    with pytest.raises(TryLaterError):
        answers(slack).send(address, plainly("x"))
    assert HOOKS in address
