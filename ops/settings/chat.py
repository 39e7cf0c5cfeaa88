"""The section `chat`: where messages go. Each chat has its own section in it."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from ops.settings.part import Finding, Part, Section
from ops.settings.select import Select

_SLACK_CHANNEL = "^[CG][A-Z0-9]{3,20}$"
_CONVERSATION = r"^(19:[A-Za-z0-9_.-]{1,200}@thread\.[a-z0-9]{2,20}|a:[A-Za-z0-9_-]{10,400})$"
_SERVICE_URL = (
    r"^(https://smba\.(trafficmanager\.net|infra\.gcc\.teams\.microsoft\.com)|http://127\.0\.0\.1:[0-9]{1,5})"
    r"/[A-Za-z0-9._/-]{0,100}$"
)

SlackChannel = Annotated[str, Meta(pattern=_SLACK_CHANNEL, examples=["C0123ABCD"])]
Conversation = Annotated[str, Meta(pattern=_CONVERSATION, examples=["19:a1b2c3@thread.tacv2"])]


class Route(Part, frozen=True):
    """Clusters whose messages go to a separate channel."""

    select: Annotated[Select, Meta(description="Which clusters.")]
    channel: Annotated[str, Meta(description="The id of the channel or conversation.")]


class SlackRoute(Route, frozen=True):
    """Clusters whose messages go to another Slack channel."""

    channel: Annotated[SlackChannel, Meta(description="The id of the channel.")]


class TeamsRoute(Route, frozen=True):
    """Clusters whose messages go to another Teams conversation."""

    channel: Annotated[Conversation, Meta(description="The id of the conversation.")]


class SlackSettings(Part, frozen=True):
    """Messages in Slack. The token is a secret and comes from the key vault."""

    channel: Annotated[
        SlackChannel, Meta(description="The id of the channel, from its details in Slack; not its name.")
    ]
    routes: Annotated[
        tuple[SlackRoute, ...],
        Meta(
            description=(
                "Channels for some clusters. Every route that matches a cluster gets its messages. Default: none, so that all "
                "messages go to `channel`."
            ),
            examples=[[{"select": {"tags": {"team": "shop"}}, "channel": "C0123ABCD"}]],
        ),
    ] = ()


class TeamsWebhookSettings(Part, frozen=True):
    """Messages in Teams through a Workflows webhook. Its address is a secret and comes from the key vault (TEAMS_WEBHOOK)."""

    envelope: Annotated[
        Literal["message", "card"],
        Meta(
            description=(
                "What the flow expects: `message` wraps the card, `card` is the card alone. Default: `message`, which the "
                "template of Microsoft expects."
            ),
            examples=["card"],
        ),
    ] = "message"


class TeamsBotSettings(Part, frozen=True):
    """Messages in Teams through a bot, which edits them, replies in threads and has buttons."""

    conversation: Annotated[
        Conversation,
        Meta(description="The channel or chat to post in, as the ledger names it when the bot is added there."),
    ]
    service_url: Annotated[
        str,
        Meta(
            pattern=_SERVICE_URL,
            description="Where Microsoft serves Teams for your tenant, as the ledger names it when the bot is added.",
            examples=["https://smba.trafficmanager.net/emea/"],
        ),
    ]
    routes: Annotated[
        tuple[TeamsRoute, ...],
        Meta(
            description=(
                "Conversations for some clusters. Every route that matches a cluster gets its messages. Default: none, so that "
                "all messages go to `conversation`."
            ),
            examples=[[{"select": {"tags": {"team": "shop"}}, "channel": "19:a1b2c3@thread.tacv2"}]],
        ),
    ] = ()


def _check_teams_bot(_: TeamsBotSettings, others: Mapping[str, Any]) -> Iterator[Finding]:
    """The bot belongs to one tenant and accepts nothing from another."""
    if "identity" in others and others["identity"].entra_tenant is None:
        wrong = "the bot would refuse everyone: the tenant of your people is not set"
        yield Finding((), "", wrong, "add identity: {entra-tenant: …}")


SLACK: Section[SlackSettings | None] = Section(
    "slack", SlackSettings, "Messages in Slack; its token comes from the key vault.", docs="slack.md"
)
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
