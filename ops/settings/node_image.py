"""The section `node-image` (docs/node-image.md)."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

from msgspec import Meta, field

from ops.settings.approval import Approvable
from ops.settings.fields import Duration, WindowRef
from ops.settings.part import Finding, Section
from ops.settings.readers import write_duration


class NodeImageSettings(Approvable, frozen=True):
    """Keeps node images current, ring by ring."""

    window: Annotated[WindowRef, Meta(description="The name of the window for rings that do not set one.")]
    driver: Annotated[
        Literal["auto"],
        Meta(
            description=(
                "Who upgrades. Default: `auto`, the only choice: AKS upgrades a cluster that has an upgrade channel, and "
                "Daytwo upgrades the others."
            ),
            examples=["auto"],
        ),
    ] = "auto"
    every: Annotated[
        Literal["week"],
        Meta(
            description="How often a cluster takes part in a rollout. Default: `week`, as often as AKS publishes images.",
            examples=["week"],
        ),
    ] = "week"
    proven_for: Annotated[
        Duration,
        Meta(
            description=(
                "How long an image must have run in the previous ring. Default: 2d, which includes the load of a working day."
            ),
            examples=["12h"],
        ),
    ] = field(default_factory=partial(Duration.of, "2d"))
    proven_awake: Annotated[
        Duration,
        Meta(
            description=(
                "How much of that time the clusters of the previous ring must have been running, in whole hours, because a "
                "stopped cluster proves nothing. Default: 8h, a working day."
            ),
            examples=["8h"],
        ),
    ] = field(default_factory=partial(Duration.of, "8h"))
    proven_nodes: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            description=(
                "On how many nodes of the previous ring the image must have run, over all its clusters. Default: 3, because a "
                "single node is too little evidence."
            ),
            examples=[3],
        ),
    ] = 3
    max_image_age: Annotated[
        Duration,
        Meta(
            description=(
                "How old a pool's image can be before messages ask for attention. Default: 21d, because two missed weeks are a "
                "problem and one is not."
            ),
            examples=["4w"],
        ),
    ] = field(default_factory=partial(Duration.of, "21d"))
    start_stopped_clusters: Annotated[
        bool,
        Meta(
            description=(
                "Whether Daytwo starts a stopped cluster, upgrades it and stops it again. Default: true, so that a cluster "
                "that is stopped every night does not fall behind. Set `false` if Daytwo must not start clusters."
            ),
            examples=[True],
        ),
    ] = True
    failure_budget: Annotated[
        int,
        Meta(
            ge=0,
            le=1000,
            description=(
                "How many runs can fail per week before the rollout halts. Default: 0, so that the first failure stops a bad "
                "image."
            ),
            examples=[0],
        ),
    ] = 0

    def findings(self) -> Iterator[Finding]:
        """Reports a running time that exceeds `proven-for` or is not a whole number of hours."""
        path = ("proven-awake",)
        if self.proven_awake > self.proven_for:
            wrong = f"this is longer than proven-for, {write_duration(self.proven_for)}"
            yield Finding(path, None, wrong, "write a shorter time, or raise proven-for")
        if self.proven_awake % timedelta(hours=1):
            yield Finding(path, None, "running time is counted in whole hours", "write whole hours, such as 8h")


NODE_IMAGE: Section[NodeImageSettings | None] = Section(
    "node-image",
    NodeImageSettings,
    "Keeps node images current, ring by ring. Without this section it is off.",
    docs="node-image.md",
    renamed={"wake-sleepers": "start-stopped-clusters", "max-behind": "max-image-age"},
)
