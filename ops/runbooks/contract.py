"""What a runbook is: a pure file that declares what it needs and decides what to do.

All that the mechanisms (engine, approvals, digest, pictures, chat commands) need to know of an operation is on this
contract; no mechanism names a runbook.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from ops.model.calendar import Window
from ops.model.decision import Decision
from ops.model.fleet import Cluster
from ops.model.proof import ProofPolicy
from ops.model.run import RolloutPlan, Run
from ops.model.run_request import RunRequest
from ops.settings import Settings
from ops.settings.part import Section


@dataclass(frozen=True, slots=True)
class TimelineBar:
    """How a runbook's runs are drawn in the picture of the week.

    `kind` is a CSS class; `label` names it in the legend; `light` and `dark` are its colors. `counted_as` is one of
    its bars in the singular ("reboot"); empty: they are not counted in the alternative text. `whole_run` draws one bar per
    run instead of one per step, with `label` if the run has no headline.
    """

    kind: str
    label: str
    light: str
    dark: str
    counted_as: str = ""
    whole_run: bool = False


@dataclass(frozen=True, slots=True)
class Opening:
    """A window in which a runbook may disrupt clusters: of one ring, or of every ring if `ring` is empty."""

    label: str
    window: Window
    ring: str = ""


class Runbook(Protocol):
    """One operation. Inherit the defaults from `RunbookDefaults`.

    Attributes:
        name: as in run ids, commands and the URL: `[a-z][a-z-]*`.
        title: as people read it at the start of a message.
        unit: what its runs work through, in the plural: "pools".
        step_prefix: the steps whose id begins with this are the units that count as progress; empty: none is counted.
        rank: precedence on one cluster; a lower rank goes first. A run that a person started ranks as `PERSON_RANK`
            unless its runbook's own rank is lower.
        section: its section of daytwo.yaml, from which schema, reader, defaults and the reference page follow; None: it has none.
        facts: a frozen dataclass; each field is the name of a module in `ops/facts/`.
        about_event: it decides about something that has happened, so it cannot be previewed or started by a person.
        waits_for_started_cluster: it does not interrupt a run that has started a stopped cluster and will stop it again.
        bar: how it is drawn in the picture of the week; None: it is not.
    """

    name: str
    title: str
    unit: str
    step_prefix: str
    rank: int
    section: Section[Any] | None
    facts: type[Any]
    about_event: bool
    waits_for_started_cluster: bool
    bar: TimelineBar | None

    def decide(self, facts: Any, settings: Settings, run: Run, now: datetime) -> Decision:
        """What to do now, from the facts alone; `run` records what this run has done already. Raises nothing."""
        ...

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[RunRequest, ...]:
        """Single runs that a timer starts now, outside of any rollout. A run that decides Nothing is not recorded."""
        ...

    def rollout(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> RolloutPlan | None:
        """The rollout that is due now, or None. Its period makes it one, however often this is called."""
        ...

    def openings(self, settings: Settings) -> tuple[Opening, ...]:
        """The windows in which it may disrupt clusters; none if it is switched off or does not depend on windows."""
        ...

    def proof_policy(self, settings: Settings) -> ProofPolicy | None:
        """When an image counts as proven, if the fleet scan is to sample images for this runbook."""
        ...

    def days_behind(self, facts: object) -> int | None:
        """How many days the cluster's oldest image is behind the newest one, for the metric; None if unknown or not its subject."""
        ...


class RunbookDefaults:
    """Defaults: no timer starts the runbook, it depends on no window, and no picture shows it."""

    step_prefix: str = ""
    section: Section[Any] | None = None
    about_event: bool = False
    waits_for_started_cluster: bool = False
    bar: TimelineBar | None = None

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[RunRequest, ...]:
        """No timer starts it."""
        return ()

    def rollout(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> RolloutPlan | None:
        """It has no rollouts."""
        return None

    def openings(self, settings: Settings) -> tuple[Opening, ...]:
        """It depends on no window."""
        return ()

    def proof_policy(self, settings: Settings) -> ProofPolicy | None:
        """It needs no proof."""
        return None

    def days_behind(self, facts: object) -> int | None:
        """Images are not its subject."""
        return None
