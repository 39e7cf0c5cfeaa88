"""What a runbook decides: nothing, report, wait or act."""

from dataclasses import dataclass, field
from datetime import datetime

from ops.model.plan import Plan, Skip
from ops.model.reasons import WaitReason


@dataclass(frozen=True, slots=True)
class Nothing:
    """There is nothing to do. If a person or a rollout started the run, the reason is reported.

    `notify` if a person should notice anyway; `missing_facts` if the reason is that something could not be read.
    """

    why: str
    skips: tuple[Skip, ...] = ()
    notify: bool = False
    missing_facts: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """There is something to report and nothing to do. `ok` is whether the report is good news."""

    headline: str
    lines: tuple[str, ...] = ()
    skips: tuple[Skip, ...] = ()
    ok: bool = True


@dataclass(frozen=True, slots=True)
class Wait:
    """Assess again at `until`, or when woken. `notify` if a person should notice."""

    until: datetime
    why: str
    code: WaitReason | None = None
    notify: bool = False
    skips: tuple[Skip, ...] = ()
    lines: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Act:
    """Execute this plan now."""

    plan: Plan


type Decision = Nothing | Report | Wait | Act
