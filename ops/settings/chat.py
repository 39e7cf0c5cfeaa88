"""The parts that all chat sections have in common."""

from typing import Annotated

from msgspec import Meta

from ops.settings.part import Part
from ops.settings.select import Select


class Route(Part, frozen=True):
    """Clusters whose messages go to a separate channel."""

    select: Annotated[Select, Meta(description="Which clusters.")]
    channel: Annotated[str, Meta(description="The id of the channel or conversation.")]


class Routed(Part, frozen=True, kw_only=True):
    """A chat's section with a default channel, and routes to other channels."""

    routes: tuple[Route, ...] = ()
