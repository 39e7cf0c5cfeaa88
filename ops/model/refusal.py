"""Refusals: what an external system's negative answer means."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class System(StrEnum):
    """The system that answered."""

    AZURE = "azure"
    KUBERNETES = "kubernetes"


class RefusalKind(StrEnum):
    """What to do about a refusal."""

    BUSY = "busy"  # something else is in progress: wait for it
    THROTTLED = "throttled"  # too many calls: wait as long as the answer says
    TRANSIENT = "transient"  # unreachable or failing: the same call may succeed later
    ALREADY = "already so"  # the desired state exists: read the object instead of calling again
    GONE = "gone"  # the object does not exist
    DENIED = "denied"  # the bot's identity has no permission: only a role helps
    LASTING = "lasting"  # a retry cannot change it: a person is needed


@dataclass(frozen=True, slots=True)
class Answer:
    """A negative answer as received.

    Attributes:
        system: who answered.
        status: the HTTP status; 0 if there is none, for example for the end of an operation.
        code: the machine-readable code, such as `ScopeLocked` or `NamespaceTerminating`; can be empty.
        text: the system's own words.
    """

    system: System
    status: int = 0
    code: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A classified answer.

    Attributes:
        kind: what to do about it.
        code: the answer's code, or its status if it has none.
        text: the system's own words.
        remedy: what a person can do; empty if waiting is enough.
    """

    kind: RefusalKind
    code: str
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class RefusedAction:
    """An action that is refused for a reason that a retry cannot change.

    Attributes:
        target: the id of its cluster.
        verb: the verb of the step.
        code: the code of the refusal.
        cause: what was attempted, and the system's own words.
        remedy: what a person can do.
        run: the run that tried last.
        first: when it was refused first.
        last: when it was refused last.
        times: how often it was refused.
        subject: the object that it concerns, such as a node; empty if it concerns the whole cluster.
        disruptive: whether trying it again means to drain a node first.
    """

    target: str
    verb: str
    code: str
    cause: str
    remedy: str
    run: str
    first: datetime
    last: datetime
    times: int
    subject: str = ""
    disruptive: bool = False
