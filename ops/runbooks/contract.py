"""The contract of a runbook: a pure file that declares which facts it needs and decides what to do.

This contract contains everything that the mechanisms (engine, approvals, digest, pictures, chat commands) need to know
about an operation; no mechanism names a runbook.
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
from ops.policy.rings import ring_name
from ops.settings import Settings
from ops.settings.part import Section


@dataclass(frozen=True, slots=True)
class TimelineBar:
    """How a runbook's runs are drawn in the picture of the week.

    `kind` is a CSS class; `label` names it in the legend; `light` and `dark` are its colors. `counted_as` names one of its
    bars in the singular ("reboot"); if it is empty, the alternative text does not count them. `whole_run` draws one bar per
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
    """A window in which a runbook can disrupt clusters: those of one ring, or of every ring if `ring` is empty."""

    label: str
    window: Window
    ring: str = ""


class Runbook(Protocol):
    """One operation. Inherit the defaults from `RunbookDefaults`.

    Attributes:
        name: used in run ids, commands and URLs: `[a-z][a-z-]*`.
        title: what people read at the start of a message.
        unit: the plural noun for what its runs process, such as "pools".
        step_prefix: steps whose id begins with this count as progress; empty: no progress is counted.
        rank: precedence on one cluster; a lower rank goes first (see `ops.policy.precedence`).
        section: its section in daytwo.yaml, which defines schema, reader, defaults and the reference page; None: it has none.
        facts: a frozen dataclass; each field is the name of a module in `ops/facts/`.
        about_event: it reacts to an event, so it cannot be previewed or started by a person.
        waits_for_started_cluster: it does not interrupt a run that has started a stopped cluster and will stop it again.
        confirms_plan: a run that is started over HTTP can name the hash of the plan that it is started for (`params["plan"]`).
        woken_by_pool_events: an event about a node pool of its cluster wakes its waiting runs.
        bar: how the picture of the week shows its runs; None: not at all.
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
    woken_by_pool_events: bool
    confirms_plan: bool
    bar: TimelineBar | None

    def decide(self, facts: Any, settings: Settings, run: Run, now: datetime) -> Decision:
        """Decides what to do now, from the facts alone. `run` records what this run has already done. Never raises."""
        ...

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[RunRequest, ...]:
        """Returns the single runs, outside of any rollout, that a timer starts now. A run that decides Nothing is not recorded."""
        ...

    def rollout(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> RolloutPlan | None:
        """Returns the rollout that is due now, or None. Calls in the same period return the same rollout."""
        ...

    def openings(self, settings: Settings) -> tuple[Opening, ...]:
        """Returns the windows in which the runbook can disrupt clusters; none if it is off or does not depend on windows."""
        ...

    def ring(self, cluster: Cluster, settings: Settings) -> str:
        """Returns the name of the ring whose rules apply to its runs on a cluster; empty if there is none."""
        ...

    def proof_policy(self, settings: Settings) -> ProofPolicy | None:
        """Returns the rule for proving an image if the fleet scan must sample images for this runbook, otherwise None."""
        ...

    def days_behind(self, facts: object) -> int | None:
        """For the metric: how many days the cluster's oldest image is behind the newest one; None if unknown or not applicable."""
        ...


class RunbookDefaults:
    """Defaults: no timer starts the runbook, it does not depend on a window, and no picture shows it."""

    step_prefix: str = ""
    section: Section[Any] | None = None
    about_event: bool = False
    waits_for_started_cluster: bool = False
    woken_by_pool_events: bool = False
    confirms_plan: bool = False
    bar: TimelineBar | None = None

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[RunRequest, ...]:
        """No timer starts it."""
        return ()

    def rollout(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> RolloutPlan | None:
        """It does not have rollouts."""
        return None

    def openings(self, settings: Settings) -> tuple[Opening, ...]:
        """It does not depend on a window."""
        return ()

    def ring(self, cluster: Cluster, settings: Settings) -> str:
        """Returns the cluster's own ring."""
        return ring_name(cluster, settings)

    def proof_policy(self, settings: Settings) -> ProofPolicy | None:
        """It does not need a proof."""
        return None

    def days_behind(self, facts: object) -> int | None:
        """The runbook does not deal with images."""
        return None
