"""The section `reboot` (docs/reboot.md)."""

from functools import partial
from typing import Annotated

from msgspec import Meta, field

from ops.settings.approval import Approvable
from ops.settings.fields import Duration, WindowRef
from ops.settings.part import Section


class RebootSettings(Approvable, frozen=True):
    """Reboots nodes that require it, one after another, in a window."""

    window: Annotated[WindowRef, Meta(description="The name of the window in which nodes are rebooted.")]
    annotation: Annotated[
        str,
        Meta(
            pattern="^([a-z0-9.-]{1,200}/)?[A-Za-z0-9._-]{1,63}$",
            description=(
                "The annotation of a node that requires a reboot. Default: `daytwo.dev/reboot-required`, which only Daytwo reads. "
                "Set the annotation of kured if kured runs in your clusters."
            ),
            examples=["weave.works/kured-most-recent-reboot-needed"],
        ),
    ] = "daytwo.dev/reboot-required"
    drain_timeout: Annotated[
        Duration,
        Meta(
            description=(
                "How long a drain can take before the run fails and the node is uncordoned. Default: 30m, the timeout that AKS "
                "uses for its own drains."
            ),
            examples=["1h"],
        ),
    ] = field(default_factory=partial(Duration.of, "30m"))


REBOOT: Section[RebootSettings | None] = Section(
    "reboot",
    RebootSettings,
    "Reboots nodes that require it, one after another, in a window. Without this section it is off.",
    docs="reboot.md",
)
