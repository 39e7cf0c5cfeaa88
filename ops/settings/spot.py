"""The section `spot` (docs/spot.md)."""

from functools import partial
from typing import Annotated

from msgspec import Meta, field

from ops.settings.fields import Duration
from ops.settings.part import Part, Section


class SpotSettings(Part, frozen=True):
    """Reports evictions of spot nodes."""

    group_within: Annotated[
        Duration,
        Meta(
            description=(
                "Evictions in one pool within this time are reported together, in one message. Default: 10m, because Azure "
                "evicts all nodes of a VM size within minutes."
            ),
            examples=["5m"],
        ),
    ] = field(default_factory=partial(Duration.of, "10m"))


SPOT: Section[SpotSettings | None] = Section(
    "spot",
    SpotSettings,
    "Reports evictions of spot nodes and the outcome for their pods. Without this section it is off.",
    docs="spot.md",
    renamed={"group-for": "group-within"},
)
