"""The Teams bot against the simulated Bot Connector: posts, threads, edits, ephemeral replies, limits, and rejections."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.identity import ClientSecretCredential, ManagedIdentityCredential

from ops.adapters.clocks import WallClock
from ops.chats.teams.bot import TeamsBotChat, TeamsBotEndpoint
from ops.chats.teams.connection import TeamsConnection, problems_of
from ops.chats.teams.connector import TeamsConnector
from ops.chats.teams.renderer import render_bot
from ops.chats.teams.signing_keys import SigningKeys
from ops.chats.teams.tokens import BotTokens
from ops.config import load
from ops.messaging.ephemeral_replies import send_reply
from ops.model.message import Message, Picture
from ops.model.run import State
from ops.ports.chat import Outgoing, Posted
from ops.ports.errors import (
    ClosedChannelError,
    DeniedError,
    RejectedError,
    ThrottledError,
    TryLaterError,
    UneditableError,
)
from simulator.running import Running, running_simulation
from simulator.teams.connector import APP_ID, CHANNELS, CHATS, SECRET
from simulator.world.specs import TENANT
from tests.fakes import CONFIG, World
from tests.flows.bot import environment
from tests.render.test_teams_cards import FULL, PNG

CHANNEL = CHANNELS[0]
SHOWN = Message("run-1", State.RUNNING, "Node images", "shop-dev", lines=("begun",))
ENDED = replace(SHOWN, state=State.DONE)
BOT_CONFIG = (
    CONFIG
    + f"""
  teams-bot: {{conversation: "{CHANNEL}", service-url: "https://smba.trafficmanager.net/emea/"}}
identity: {{entra-tenant: {TENANT}}}
"""
)


@pytest.fixture(scope="module")
def served() -> Iterator[Running]:
    """One world for the whole module. Each test finds its messages by their ids."""
    with running_simulation() as running, environment(running.environment):
        yield running


@pytest.fixture
def simulation(served: Running) -> Running:
    """The world, advanced until rate limits from other tests no longer apply."""
    served.advance(served.world.now + timedelta(seconds=10))
    return served


def connector_of(simulation: Running, app_id: str = APP_ID) -> TeamsConnector:
    hosts = frozenset({simulation.environment["TEAMS_HOSTS"]})
    return TeamsConnector(app_id, ManagedIdentityCredential(client_id=app_id), hosts)


@pytest.fixture
def connector(simulation: Running) -> TeamsConnector:
    return connector_of(simulation)


@pytest.fixture
def chat(simulation: Running, connector: TeamsConnector) -> TeamsBotChat:
    return TeamsBotChat(connector, CHANNEL, simulation.environment["TEAMS_SERVICE_URL"])


@pytest.fixture
def endpoint(simulation: Running, connector: TeamsConnector) -> TeamsBotEndpoint:
    keys = SigningKeys(simulation.environment["TEAMS_OPENID_URL"], WallClock())
    return TeamsBotEndpoint(connector, BotTokens(APP_ID, keys))


def outgoing(message: Message = SHOWN, thread: Posted | None = None, picture: bytes | None = None) -> Outgoing:
    return Outgoing(render_bot(message), message.subject, thread, picture)


def activity(simulation: Running, identity: str) -> dict[str, Any]:
    """The content of the message with this id, as stored by Teams."""
    activities: Any = simulation.control("/teams")["activities"]
    (found,) = [each for each in activities if each["id"] == identity]
    return dict(found)


def test_a_post_in_a_channel_starts_a_thread(chat: TeamsBotChat, simulation: Running) -> None:
    posted = chat.post(CHANNEL, outgoing())
    shown = activity(simulation, posted.message_id)
    assert (posted.channel, shown["conversation"], shown["thread"]) == (CHANNEL, CHANNEL, "")
    assert shown["summary"] == "● Node images · shop-dev · running"
    assert shown["card"]["version"] == "1.5"


def test_a_reply_appears_in_the_posts_thread_and_both_can_be_edited(chat: TeamsBotChat, simulation: Running) -> None:
    root = chat.post(CHANNEL, outgoing())
    answer = chat.post(CHANNEL, outgoing(thread=root))
    identity = answer.message_id.split("/")[1]
    assert answer.message_id == f"{root.message_id}/{identity}"
    assert activity(simulation, identity)["thread"] == root.message_id
    chat.edit(root, outgoing(ENDED))
    chat.edit(answer, outgoing(ENDED))
    for each in (root.message_id, identity):
        shown = activity(simulation, each)
        assert (shown["edits"], shown["summary"]) == (1, "✓ Node images · shop-dev · done")


def test_a_reply_in_a_group_chat_is_a_separate_message(chat: TeamsBotChat, simulation: Running) -> None:
    root = chat.post(CHATS[0], outgoing())
    answer = chat.post(CHATS[0], outgoing(thread=root))
    identity = answer.message_id.split("/")[1]
    assert activity(simulation, identity)["conversation"] == CHATS[0]
    chat.edit(answer, outgoing(ENDED))
    assert activity(simulation, identity)["edits"] == 1


def test_a_picture_is_part_of_the_card(chat: TeamsBotChat, simulation: Running) -> None:
    posted = chat.post(CHANNEL, outgoing(replace(FULL, picture=Picture("r", "a week")), picture=PNG))
    images = [e for e in activity(simulation, posted.message_id)["card"]["body"] if e["type"] == "Image"]
    assert [image["url"][:22] for image in images] == ["data:image/png;base64,"]


def test_posted_messages_cannot_be_searched(chat: TeamsBotChat) -> None:
    posted = chat.post(CHANNEL, outgoing())
    assert chat.find(posted.channel, "run-1", datetime(2026, 11, 16, tzinfo=UTC)) is None


def test_the_eighth_message_per_second_in_a_thread_is_rate_limited(chat: TeamsBotChat) -> None:
    root = chat.post(CHANNEL, outgoing())
    for _ in range(7):
        chat.post(CHANNEL, outgoing(thread=root))
    with pytest.raises(ThrottledError) as later:
        chat.post(CHANNEL, outgoing(thread=root))
    assert later.value.retry_after_s == 1.0


def test_an_oversized_card_is_not_sent(chat: TeamsBotChat, simulation: Running) -> None:
    before = len(simulation.simulation.connector.sent)
    card = {**render_bot(SHOWN), "body": [{"type": "TextBlock", "text": "x" * 80_000}]}
    with pytest.raises(RejectedError, match="the card has 80"):
        chat.post(CHANNEL, Outgoing(card, "k"))
    assert len(simulation.simulation.connector.sent) == before


def test_nothing_is_accepted_in_a_conversation_that_the_bot_is_not_in(chat: TeamsBotChat) -> None:
    with pytest.raises(RejectedError):
        chat.post("19:other@thread.tacv2", outgoing())
    with pytest.raises(ClosedChannelError, match="not installed there"):
        chat.post("19:other@thread.v2", outgoing())


def test_a_message_that_a_person_deleted_can_never_be_edited(simulation: Running, chat: TeamsBotChat) -> None:
    """Teams answers 403 or 404."""
    with pytest.raises(UneditableError):
        chat.edit(Posted(CHATS[0], "1700000000000"), outgoing())
    posted = chat.post(CHATS[0], outgoing())
    simulation.simulation.connector.deleted.add(posted.message_id)
    with pytest.raises(UneditableError, match="403"):
        chat.edit(posted, outgoing())


def test_a_token_that_belongs_to_another_application_is_rejected(simulation: Running) -> None:
    other = connector_of(simulation, "44444444-4444-4444-4444-444444444444")
    with pytest.raises(ClosedChannelError):
        TeamsBotChat(other, CHANNEL, simulation.environment["TEAMS_SERVICE_URL"]).post(CHANNEL, outgoing())


def chat_with_secret(simulation: Running, secret: str) -> TeamsBotChat:
    connection = TeamsConnection({**simulation.environment, "TEAMS_BOT_SECRET": secret}, WallClock())
    endpoint = connection.endpoint(load(BOT_CONFIG, "daytwo.yaml"))
    assert endpoint is not None
    assert isinstance(endpoint.connector.credential, ClientSecretCredential)
    return TeamsBotChat(endpoint.connector, CHANNEL, simulation.environment["TEAMS_SERVICE_URL"])


def test_the_bot_can_use_a_secret_instead_of_a_managed_identity(simulation: Running) -> None:
    assert chat_with_secret(simulation, SECRET).post(CHANNEL, outgoing()).message_id


def test_a_wrong_secret_causes_a_denied_error(simulation: Running) -> None:
    with pytest.raises(ClosedChannelError, match="the bot's identity was not accepted"):
        chat_with_secret(simulation, "wrong").post(CHANNEL, outgoing())


@pytest.mark.parametrize(
    "service_url",
    [
        "https://smba.trafficmanager.net.example/emea/",
        "http://smba.trafficmanager.net/emea/",
        "https://user@smba.trafficmanager.net.example/",
        "https://blob.core.windows.net/",
        "https://127.0.0.1/",
        "http://127.0.0.1:1/",
        "file:///etc/passwd",
        "",
    ],
)
def test_the_token_is_sent_only_to_teams(connector: TeamsConnector, service_url: str) -> None:
    assert not connector.is_allowed(service_url)
    with pytest.raises(RejectedError, match="does not belong to Teams"):
        connector.post(service_url, CHATS[0], render_bot(SHOWN))


def test_teams_hosts_are_allowed(connector: TeamsConnector) -> None:
    assert connector.is_allowed("https://smba.trafficmanager.net/emea/")
    assert connector.is_allowed("https://smba.infra.gcc.teams.microsoft.com/teams/")


@pytest.mark.parametrize("conversation", ["../../x", "19:a/b@thread.v2", "19:a?b", "a#b", "a b", "", "a" * 600, "19:ä"])
def test_an_id_that_would_alter_the_address_is_not_used(chat: TeamsBotChat, conversation: str) -> None:
    with pytest.raises(RejectedError, match="the id of the conversation"):
        chat.connector.post(chat.service_url, conversation, render_bot(SHOWN))


def test_a_service_that_does_not_respond_causes_a_try_later_error(simulation: Running) -> None:
    connector = replace(connector_of(simulation), simulated=frozenset({"127.0.0.1:9"}))
    with pytest.raises(TryLaterError):
        connector.post("http://127.0.0.1:9/teams/", CHATS[0], render_bot(SHOWN))


def test_an_ephemeral_reply_goes_to_one_person(endpoint: TeamsBotEndpoint, simulation: Running) -> None:
    service_url = simulation.environment["TEAMS_SERVICE_URL"]
    address = endpoint.private_address(service_url, "29:ana", TENANT)
    endpoint.send(address, render_bot(SHOWN))
    sent = simulation.simulation.connector.sent[-1]
    assert simulation.simulation.connector.personal[sent.conversation] == "29:ana"


def test_a_person_who_has_blocked_the_bot_does_not_get_a_message(
    endpoint: TeamsBotEndpoint, simulation: Running
) -> None:
    simulation.simulation.connector.closed.add("29:cleo")
    with pytest.raises(DeniedError):
        endpoint.private_address(simulation.environment["TEAMS_SERVICE_URL"], "29:cleo", TENANT)


@pytest.mark.parametrize(
    "address", ["teams-bot:x", "https://127.0.0.1/", "teams-bot:http://evil.example/|19:a|", "a|b|c"]
)
def test_a_reply_to_a_foreign_address_is_rejected(endpoint: TeamsBotEndpoint, address: str) -> None:
    with pytest.raises(RejectedError):
        endpoint.send(address, render_bot(SHOWN))


def test_a_reply_that_no_one_can_read_anymore_is_rejected_permanently(
    endpoint: TeamsBotEndpoint, simulation: Running
) -> None:
    gone = endpoint.address(simulation.environment["TEAMS_SERVICE_URL"], CHATS[0], "1700000000000")
    with pytest.raises(RejectedError):
        endpoint.send(gone, render_bot(SHOWN))


def test_the_address_determines_which_chat_sends_the_reply(endpoint: TeamsBotEndpoint, simulation: Running) -> None:
    world = World()
    ports = replace(world.context.ports, replies=(endpoint, world.replies))
    send_reply(ports, "https://hooks.example/1", SHOWN)
    send_reply(ports, endpoint.address(simulation.environment["TEAMS_SERVICE_URL"], CHATS[0]), ENDED)
    assert [address for address, _ in world.replies.given] == ["https://hooks.example/1"]
    assert simulation.simulation.connector.sent[-1].conversation == CHATS[0]
    with pytest.raises(RejectedError, match="does not belong to a connected chat"):
        send_reply(replace(ports, replies=(endpoint,)), "https://hooks.example/1", SHOWN)


def test_a_missing_app_id_is_reported_with_a_remedy() -> None:
    settings = load(BOT_CONFIG, "daytwo.yaml")
    assert "TEAMS_BOT_APP_ID is missing" in problems_of(settings, {})[0]
    assert problems_of(settings, {"TEAMS_BOT_APP_ID": APP_ID}) == ()
    connection = TeamsConnection({}, WallClock())
    assert (connection.endpoint(settings), connection.chats(settings), connection.replies(settings)) == (None, (), ())


def test_the_endpoint_works_and_nothing_is_posted_if_the_section_is_missing() -> None:
    connection, settings = TeamsConnection({"TEAMS_BOT_APP_ID": APP_ID}, WallClock()), load(CONFIG, "daytwo.yaml")
    assert (connection.endpoint(settings) is not None, connection.chats(settings)) == (True, ())
