"""What a runbook is: a pure file that says which facts it needs and how it decides."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from ops.model.decision import Decision
from ops.model.fleet import Cluster
from ops.model.run import RolloutPlan, Run
from ops.model.signal import Signal
from ops.settings import Settings


class Runbook(Protocol):
    """One operation. `facts` is a frozen dataclass; each of its fields is the name of a file in `ops/facts/`."""

    name: str
    title: str
    unit: str
    facts: type[Any]

    def decide(self, facts: Any, settings: Settings, run: Run, now: datetime) -> Decision:
        """What to do now, from the facts alone; `run` tells what this run has done already. Raises nothing."""
        ...

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[Signal, ...]:
        """Single runs that a timer starts now, outside of any rollout; what decides Nothing leaves no trace."""
        ...

    def rollout(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> RolloutPlan | None:
        """The rollout that is due now, or None; its occurrence makes it one, however often it is asked."""
        ...


class WithoutTimer:
    """For runbooks that no timer starts: neither single runs nor rollouts are ever due."""

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[Signal, ...]:
        """Nothing is."""
        return ()

    def rollout(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> RolloutPlan | None:
        """None is."""
        return None
