"""The sections `chat.teams` (a webhook) and `chat.teams-bot` (docs/teams.md)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from ops.settings.chat import Route, Routed
from ops.settings.identity import ENTRA
from ops.settings.part import Finding, Part, Section

_CONVERSATION = r"^(19:[A-Za-z0-9_.-]{1,200}@thread\.[a-z0-9]{2,20}|a:[A-Za-z0-9_-]{10,400})$"
_SERVICE_URL = (
    r"^(https://smba\.(trafficmanager\.net|infra\.gcc\.teams\.microsoft\.com)|http://127\.0\.0\.1:[0-9]{1,5})"
    r"/[A-Za-z0-9._/-]{0,100}$"
)

Conversation = Annotated[str, Meta(pattern=_CONVERSATION, examples=["19:a1b2c3@thread.tacv2"])]


class TeamsRoute(Route, frozen=True):
    """Clusters whose messages go to a different Teams conversation."""

    channel: Annotated[Conversation, Meta(description="The id of the conversation.")]


class TeamsWebhookSettings(Part, frozen=True):
    """Messages in Teams through a Workflows webhook. Its address is a secret and comes from the key vault (TEAMS_WEBHOOK)."""

    envelope: Annotated[
        Literal["message", "card"],
        Meta(
            description=(
                "What the flow expects: `message` is the card wrapped in a message, `card` is the card alone. Default: `message`, which "
                "Microsoft's template expects."
            ),
            examples=["card"],
        ),
    ] = "message"


class TeamsBotSettings(Routed, frozen=True, kw_only=True):
    """Messages in Teams through a bot, which edits them, replies in threads and has buttons."""

    conversation: Annotated[
        Conversation,
        Meta(description="The channel or chat to post in. When the bot is added to it, the ledger records this id."),
    ]
    service_url: Annotated[
        str,
        Meta(
            pattern=_SERVICE_URL,
            description="Where Microsoft serves Teams for your tenant. When the bot is added to a conversation, the ledger records this URL.",
            examples=["https://smba.trafficmanager.net/emea/"],
        ),
    ]
    routes: Annotated[
        tuple[TeamsRoute, ...],
        Meta(
            description=(
                "Conversations for some clusters. A cluster's messages go to every route that matches it. Default: none, so that "
                "all messages go to `conversation`."
            ),
            examples=[[{"select": {"tags": {"team": "shop"}}, "channel": "19:a1b2c3@thread.tacv2"}]],
        ),
    ] = ()


def _check_teams_bot(_: TeamsBotSettings, others: Mapping[str, Any]) -> Iterator[Finding]:
    """Reports a missing tenant: the bot belongs to one tenant and rejects requests from all others."""
    if "identity" in others and others["identity"].entra_tenant is None:
        wrong = "the bot would reject everyone, because the tenant of your people is not set"
        yield Finding((), "", wrong, "add identity: {entra-tenant: …}")


TEAMS: Section[TeamsWebhookSettings | None] = Section(
    "teams",
    TeamsWebhookSettings,
    "Messages in Teams through a Workflows webhook; its address is a secret and comes from the key vault (TEAMS_WEBHOOK).",
    docs="teams.md",
)
TEAMS_BOT: Section[TeamsBotSettings | None] = Section(
    "teams-bot",
    TeamsBotSettings,
    "Messages in Teams through a bot, which edits them, replies in threads and has buttons.",
    docs="teams.md",
    check=_check_teams_bot,
)
SECTIONS = (TEAMS, TEAMS_BOT)
IDENTITY = ENTRA
