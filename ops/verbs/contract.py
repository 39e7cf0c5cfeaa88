"""The contract of a verb: check, begin, poll, verify, and the verb that undoes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.plan import Step
from ops.model.run import StepRecord
from ops.ports.bundle import Ports


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step of one run. If `record.state` is INTENDED, an earlier attempt may have made the first call."""

    target: str
    step: Step
    record: StepRecord
    now: datetime
    ports: Ports
    undo: bool = False

    @property
    def may_have_begun(self) -> bool:
        """Whether the first call may have been made without receiving its response."""
        return self.record.state.value in ("intended", "undoing") and not self.record.token


class Verb(Protocol):
    """A kind of effect. Each method makes one attempt, returns a value, and can safely be called again after a crash.

    `actions` and `kubernetes` declare the ARM actions and Kubernetes verbs that it calls. `on_cancel` says whether a cancelled
    run finishes or aborts it; it can be aborted only if it acts with each poll and can stop in between. `undo` names the verb
    that undoes it; empty if it cannot be undone.
    """

    name: str
    actions: frozenset[str]
    kubernetes: frozenset[str]
    on_cancel: Literal["finish", "abort"]
    undo: str

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Whether the step can begin; Done if the cluster is already in the desired state, Pending if an earlier attempt is running."""
        ...

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Makes the first call."""
        ...

    def poll(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Polls once. Done means that the operation has ended successfully, which does not verify its effect yet.

        Stale means that something else has ended it, so the run is assessed again; an undo never returns it. A token in Pending
        replaces the previous one.
        """
        ...

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Whether the effect is visible on the cluster."""
        ...
