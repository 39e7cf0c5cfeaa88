"""What a verb is: check, begin, poll, verify, and the verb that undoes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.plan import Step
from ops.model.run import StepRecord
from ops.ports.bundle import Ports


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step of one run. `record.state` INTENDED means that an earlier attempt may have made the first call."""

    target: str
    step: Step
    record: StepRecord
    now: datetime
    ports: Ports
    undo: bool = False

    @property
    def may_have_begun(self) -> bool:
        """Whether a first call may have been made whose answer was lost."""
        return self.record.state.value in ("intended", "undoing") and not self.record.token


class Verb(Protocol):
    """A kind of effect. Each method makes one attempt, returns a value, and is safe to call again after a crash.

    `actions` and `kubernetes` declare the ARM actions and Kubernetes verbs that it calls. `on_cancel` says whether a cancelled
    run finishes it or aborts it, which is possible if it acts with each poll and can stop in between. `undo` names the verb
    that undoes it; empty if that is impossible.
    """

    name: str
    actions: frozenset[str]
    kubernetes: frozenset[str]
    on_cancel: Literal["finish", "abort"]
    undo: str

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Whether it may begin; Done if the cluster is in that state already, Pending if an earlier attempt is running."""
        ...

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """The first call."""
        ...

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Polls once. Done once the operation has ended successfully, which verifies nothing yet."""
        ...

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Whether the cluster shows the effect."""
        ...
