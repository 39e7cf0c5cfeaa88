"""What chats do with messages and with words that people send to the bot."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from ops.adapters.http_client import post
from ops.messaging.conditions import report_refused_messages
from ops.messaging.outbox import flush_outbox
from ops.model.run import State
from ops.ports.errors import ClosedChannelError, RejectedError
from simulator.teams.people import BOT, NAME
from tests.endpoints.teams_setup import Stand, activity
from tests.engine.test_outbox import report, uneditable
from tests.fakes import World
from tests.situations.catalog import Kind, Observed, situation
from tests.situations.observe import observe

_EVERY_FIVE_MINUTES = 12 * 24


@situation("Slack refuses every edit of a message (`cant_update_message`) for a day", Kind.REPORTED_ONCE, reported=True)
def cannot_edit() -> Observed:
    world = World()
    report(world, "begins")
    for number in range(_EVERY_FIVE_MINUTES):
        world.chat.fail = [uneditable("cant_update_message")]
        report(world, f"progress {number}")
        world.clock.advance(minutes=5)
    report(world, "the end", state=State.DONE)
    world.clock.advance(hours=12)
    flush_outbox(world.context.ports)
    assert [str(each["text"]).endswith("done") for each in world.chat.shown.values()][-1]
    assert world.chat.posts <= 4
    return replace(observe(world), does=[f"posts {world.chat.posts} messages in 36 hours"])


@situation("A channel is archived (`is_archived`)", Kind.REPORTED_ONCE, reported=True)
def archived() -> Observed:
    world = World()
    world.chat.fail = [ClosedChannelError("is_archived", "posting in Slack: Slack answered is_archived")]
    report(world, "begins")
    for _ in range(3):
        report_refused_messages(world.context.ports, world.clock.at)
    return replace(observe(world), does=["tries this channel again with growing pauses"])


@situation("The bot was removed from a channel (`not_in_channel`) while twenty runs report there", Kind.REPORTED_ONCE)
def not_in_channel() -> Observed:
    world = World()
    world.chat.fail = [ClosedChannelError("not_in_channel", "posting: not_in_channel")]
    for number in range(20):
        report(world, f"about {number}", f"run-{number}")
    assert world.chat.fail == []
    for _ in range(3):
        report_refused_messages(world.context.ports, world.clock.at)
    return replace(observe(world), does=["tries one of twenty messages, and keeps the others"])


@situation("The bot is mentioned in Teams without any words", Kind.SPELLING, reported=True)
def bare_mention() -> Observed:
    stand = Stand()
    bare = {"type": "mention", "mentioned": {"id": BOT, "name": NAME}}
    assert stand.send(activity(text=f"<at>{NAME.lower()}</at>", entities=[bare])).status == HTTPStatus.OK
    ((_, content),) = stand.world.replies.given
    assert "status" in str(content)
    return Observed((f"in private: {_words(content)}",), ("answers the person who asked",))


@situation("The bot has another name in Teams than its app, in capitals", Kind.SPELLING)
def renamed_bot() -> Observed:
    stand = Stand()
    name = "OPS BOT"
    mention = {"type": "mention", "mentioned": {"id": BOT.upper(), "name": name}, "text": f"<at>{name}</at>"}
    assert stand.send(activity(text=f"<at>{name}</at> STATUS", entities=[mention])).status == HTTPStatus.OK
    ((_, content),) = stand.world.replies.given
    return Observed((f"in private: {_words(content)}",), ("answers the person who asked",))


def _words(content: object) -> str:
    """Return the first words of a card, wherever in it they are."""
    found = re.findall(r"'text': '([^']{4,})'", str(content))
    return " ".join(found)[:200]


@situation("A Teams webhook answers with a redirect (302)", Kind.REPORTED_ONCE, reported=True)
def redirected() -> Observed:
    world = World()
    with _redirecting_webhook() as address, pytest.raises(RejectedError) as caught:
        post("posting in Teams", address, timeout_s=5, json={})
    # The outbox keeps what the webhook has not accepted, and the channel becomes a condition.
    world.chat.fail = [caught.value] * 3
    report(world, "begins")
    for _ in range(3):
        report_refused_messages(world.context.ports, world.clock.at)
    assert world.chat.posts <= 1
    return replace(observe(world), does=["tries this channel again with growing pauses"])


@contextmanager
def _redirecting_webhook() -> Iterator[str]:
    """Serve a webhook that answers every message with a redirect. Yield its address."""

    class Redirect(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", "https://example.com/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name in the base class
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Redirect)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
