"""Teams' webhook, against the simulated one; and where messages go."""

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


def test_a_card_arrives(simulation: Running) -> None:
    chat = TeamsChat(simulation.environment["TEAMS_URL"])
    chat.post("teams", Outgoing(render(FAILED), "key"))
    assert "shop\\\\_dev" in str(simulation.control("/teams"))


def test_a_flow_that_wants_the_bare_card_is_not_served_by_the_other(simulation: Running) -> None:
    chat = TeamsChat(simulation.environment["TEAMS_URL"], envelope="card")
    with pytest.raises(RejectedError):
        chat.post("teams", Outgoing(render(FAILED), "key"))


def test_too_many_at_once_are_told_to_wait(simulation: Running) -> None:
    chat = TeamsChat(simulation.environment["TEAMS_URL"])
    for number in range(25):
        chat.post("teams", Outgoing(render(FAILED), f"key {number}"))
    with pytest.raises(TryLaterError):
        chat.post("teams", Outgoing(render(FAILED), "one more"))


def test_a_webhook_that_nobody_serves_is_for_later() -> None:
    with pytest.raises(TryLaterError):
        TeamsChat("http://127.0.0.1:9/x").post("teams", Outgoing(render(FAILED), "key"))


def test_a_retired_connector_is_refused_with_what_to_do_instead() -> None:
    with pytest.raises(RetiredWebhookError, match="Create a Workflows webhook"):
        TeamsChat("https://contoso.webhook.office.com/webhookb2/x")


def test_an_address_with_a_line_break_at_its_end_is_the_address(simulation: Running) -> None:
    """`az keyvault secret set --file` keeps a file's last line break."""
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
def test_what_is_no_address_is_refused_without_being_shown(address: str) -> None:
    with pytest.raises(UnusableWebhookError, match="Copy it from the flow again") as refused:
        TeamsChat(address)
    assert "hunter2" not in str(refused.value)


def test_an_address_that_only_the_client_refuses_delays_the_message() -> None:
    """What passes every look may still be refused by the client: that is no failure of a run."""
    chat = TeamsChat(f"https://logic.example/{'x' * 70_000}")
    with pytest.raises(TryLaterError, match="InvalidURL"):
        chat.post("teams", Outgoing(render(FAILED), "key"))
