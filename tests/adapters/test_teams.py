"""The Teams webhook adapter against the simulated webhook, and the channel that each message goes to."""

from collections.abc import Iterator

import pytest

from ops.chats.teams.renderer import render
from ops.chats.teams.webhook import RetiredWebhookError, TeamsChat, UnusableWebhookError
from ops.ports.chat import Outgoing
from ops.ports.errors import RejectedError, TryLaterError
from simulator.running import Running, running_simulation
from tests.render.test_teams import FAILED


@pytest.fixture
def simulation() -> Iterator[Running]:
    with running_simulation() as running:
        yield running


def test_a_card_is_posted(simulation: Running) -> None:
    chat = TeamsChat(simulation.environment["TEAMS_URL"])
    chat.post("teams", Outgoing(render(FAILED), "key"))
    assert "shop\\\\_dev" in str(simulation.control("/teams"))


def test_a_flow_that_expects_the_bare_card_rejects_the_other_form(simulation: Running) -> None:
    chat = TeamsChat(simulation.environment["TEAMS_URL"], envelope="card")
    with pytest.raises(RejectedError):
        chat.post("teams", Outgoing(render(FAILED), "key"))


def test_too_many_posts_are_rate_limited(simulation: Running) -> None:
    chat = TeamsChat(simulation.environment["TEAMS_URL"])
    for number in range(25):
        chat.post("teams", Outgoing(render(FAILED), f"key {number}"))
    with pytest.raises(TryLaterError):
        chat.post("teams", Outgoing(render(FAILED), "one more"))


def test_an_unreachable_webhook_causes_a_try_later_error() -> None:
    with pytest.raises(TryLaterError):
        TeamsChat("http://127.0.0.1:9/x").post("teams", Outgoing(render(FAILED), "key"))


def test_a_retired_connector_is_rejected_with_a_remedy() -> None:
    with pytest.raises(RetiredWebhookError, match="Create a Workflows webhook"):
        TeamsChat("https://contoso.webhook.office.com/webhookb2/x")


def test_a_line_break_at_the_end_of_an_address_is_ignored(simulation: Running) -> None:
    """`az keyvault secret set --file` keeps the line break at the end of the file."""
    chat = TeamsChat(f"{simulation.environment['TEAMS_URL']}\n")
    chat.post("teams", Outgoing(render(FAILED), "key"))
    assert "shop\\\\_dev" in str(simulation.control("/teams"))


@pytest.mark.parametrize(
    "address",
    [
        "https://logic.example:port/workflows/hunter2",
        "https://[logic.example/hunter2",
        "https://logic.example/one\nhttps://logic.example/hunter2",
        "https://logic.example/x hunter2",
        "logic.example/hunter2",
        "https:///hunter2",
    ],
)
def test_an_invalid_address_is_rejected_without_being_shown(address: str) -> None:
    with pytest.raises(UnusableWebhookError, match="Copy it from the flow again") as refused:
        TeamsChat(address)
    assert "hunter2" not in str(refused.value)


def test_a_message_is_delayed_if_only_the_client_rejects_its_address() -> None:
    """The client may reject an address that passes every check. The message is then retried."""
    chat = TeamsChat(f"https://logic.example/{'x' * 70_000}")
    with pytest.raises(TryLaterError, match="InvalidURL"):
        chat.post("teams", Outgoing(render(FAILED), "key"))
