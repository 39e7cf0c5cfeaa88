"""The section `chat.slack` (docs/slack.md)."""

from typing import Annotated

from msgspec import Meta

from ops.settings.chat import Route
from ops.settings.part import Part, Section

SlackChannel = Annotated[str, Meta(pattern="^[CG][A-Z0-9]{3,20}$", examples=["C0123ABCD"])]


class SlackRoute(Route, frozen=True):
    """Clusters whose messages go to another Slack channel."""

    channel: Annotated[SlackChannel, Meta(description="The id of the channel.")]


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


SLACK: Section[SlackSettings | None] = Section(
    "slack", SlackSettings, "Messages in Slack; its token comes from the key vault.", docs="slack.md"
)
