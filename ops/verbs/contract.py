"""What a verb is: check, begin, poll, prove, and what undoes it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.plan import Step
from ops.model.run import StepRecord
from ops.ports.bundle import Ports


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step of one run, as it stands. `record.state` INTENDED means that an earlier attempt may have reached the world."""

    target: str
    step: Step
    record: StepRecord
    now: datetime
    ports: Ports
    undo: bool = False

    @property
    def may_have_begun(self) -> bool:
        """Whether a first call may have been made whose answer we do not have."""
        return self.record.state.value in ("intended", "undoing") and not self.record.token


class Verb(Protocol):
    """A kind of effect. Every method makes one attempt, answers with a value, and may be called again after a crash.

    `actions` and `kubernetes` declare which ARM actions and Kubernetes verbs it calls; `on_cancel` says whether a cancelled run
    lets it finish or aborts it, since it acts anew at each look and may be left between two; `undo` names the verb that takes it
    back, empty where nothing can.
    """

    name: str
    actions: frozenset[str]
    kubernetes: frozenset[str]
    on_cancel: Literal["finish", "abort"]
    undo: str

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Whether it may begin; Done where the world is so already, Pending where our own earlier attempt runs."""
        ...

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """The first call."""
        ...

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """One look; Done once the operation has ended well, which proves nothing yet."""
        ...

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Whether the world shows the effect."""
        ...
