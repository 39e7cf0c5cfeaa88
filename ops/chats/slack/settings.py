"""The section `chat.slack` (docs/slack.md)."""

from typing import Annotated

from msgspec import Meta

from ops.settings.chat import Route, Routed
from ops.settings.identity import IdentityKind
from ops.settings.part import Section

SlackChannel = Annotated[str, Meta(pattern="^[CG][A-Z0-9]{3,20}$", examples=["C0123ABCD"])]


class SlackRoute(Route, frozen=True):
    """Clusters whose messages go to a different Slack channel."""

    channel: Annotated[SlackChannel, Meta(description="The id of the channel.")]


class SlackSettings(Routed, frozen=True, kw_only=True):
    """Messages in Slack. The token is a secret and comes from the key vault."""

    channel: Annotated[
        SlackChannel,
        Meta(description="The id of the channel (not its name), as shown in the channel's details in Slack."),
    ]
    routes: Annotated[
        tuple[SlackRoute, ...],
        Meta(
            description=(
                "Channels for some clusters. A cluster's messages go to every route that matches it. Default: none, so that all "
                "messages go to `channel`."
            ),
            examples=[[{"select": {"tags": {"team": "shop"}}, "channel": "C0123ABCD"}]],
        ),
    ] = ()


SLACK: Section[SlackSettings | None] = Section(
    "slack", SlackSettings, "Messages in Slack; its token comes from the key vault.", docs="slack.md"
)
SECTIONS = (SLACK,)
# A token, or the complete address of an incoming webhook: neither belongs in a configuration.
FORBIDDEN = r"xox[a-z]-?[\w.-]*|hooks\.slack\.com[^\s\"']*"
IDENTITY = IdentityKind(
    name="slack",
    tenant="slack-team",
    tenant_noun="workspace",
    id_type=Annotated[
        Annotated[str, Meta(pattern="^[UW][A-Z0-9]{3,20}$")] | None,
        Meta(description="The user id in the workspace.", examples=["U0123ABCD"]),
    ],
    tenant_type=Annotated[
        Annotated[str, Meta(pattern="^[TE][A-Z0-9]{3,20}$")] | None,
        Meta(
            description="The id of the Slack workspace. Without it, the ids under `slack` do not identify anyone.",
            examples=["T0123ABCD"],
        ),
    ],
    example="U0123ABCD",
)
