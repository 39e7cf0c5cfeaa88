"""Replies to chat commands."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from ops.model.approval import Approval, ApprovalState
from ops.model.decision import Act, Decision, Nothing, Report, Wait
from ops.model.message import Message, Row
from ops.model.run import Run, State
from ops.model.wording import instant
from ops.render.phrases import listed, plural

_HELP = (
    ("status", "active runs, and what needs a person"),
    ("plan", "which pools are behind, who upgrades them, and what happens next"),
    ("why CLUSTER", "what each runbook decides now, and why"),
    ("run RUNBOOK CLUSTER", "start node-image, reboot or power"),
    ("awake CLUSTER until TIME", "keep the cluster running until then: 22:00, tomorrow 08:00"),
    ("skip CLUSTER this week", "skip node images this week"),
    ("pause, resume or cancel CLUSTER", "also with the id of a run; takes effect before its next step"),
)
_SHOWN = 25
_NAMES = 150


def reply_message(text: str, state: State, tag: str, until: datetime | None = None) -> Message:
    """Returns one sentence; each reader sees `until` in their own time zone."""
    return Message("command", state, "Daytwo", "", lines=(text,), tag=tag, until=until, until_text="until")


def help_message(wrong: str) -> Message:
    """Lists the commands, after saying what was wrong with the input."""
    rows = tuple(Row(command, text, State.WAITING) for command, text in _HELP)
    lines = (f"{wrong}; the commands are",) if wrong else ()
    return Message("command", State.WAITING, "Daytwo", "", lines=lines, rows=rows, tag="help")


def working_message(command: str, person: str) -> Message:
    """Confirms a command whose answer takes longer than the chat waits."""
    return reply_message(
        f"{person}, {command} is reading the clusters; the answer will follow here", State.RUNNING, "looking"
    )


def status_message(
    open_runs: Sequence[Run], requests: Sequence[Approval], needs: Sequence[tuple[str, str]], now: datetime
) -> Message:
    """Lists what needs a person, then the active runs. `needs` has a name and a text for each open condition."""
    pending = [each for each in requests if each.state is ApprovalState.PENDING and now < each.expires and each.asked]
    rows = [
        Row(
            listed([part.target_name for part in each.active_parts], _NAMES),
            f"{each.runbook} is waiting for approval",
            State.NEEDS_YOU,
        )
        for each in pending
    ]
    rows += [Row(name, text, State.NEEDS_YOU) for name, text in needs[:_SHOWN]]
    order = (State.NEEDS_YOU, State.RUNNING, State.WAITING)
    ordered = sorted(open_runs, key=lambda run: (order.index(run.state) if run.state in order else 3, run.target_name))
    rows += [Row(run.target_name, f"{run.runbook}: {run.why or run.state}", run.state) for run in ordered[:_SHOWN]]
    more = (f"and {len(ordered) - _SHOWN} more runs",) if len(ordered) > _SHOWN else ()
    state = State.NEEDS_YOU if pending or needs else State.RUNNING if open_runs else State.DONE
    far = f"{plural(len(open_runs), 'active run')}" if open_runs else "no active runs"
    return Message("command", state, "Status", far, lines=more, rows=tuple(rows), tag="now")


def why_message(
    cluster: str, decisions: Mapping[str, str], needs: Sequence[tuple[str, str]], notes: Sequence[str] = ()
) -> Message:
    """Lists the cluster's open conditions, then each runbook, by its title, with what it decides now.

    `notes` are what a person should know about the cluster.
    """
    rows = tuple(Row(title, text, State.NEEDS_YOU) for title, text in needs)
    rows += tuple(Row(title, text, State.WAITING) for title, text in decisions.items())
    state = State.NEEDS_YOU if needs else State.DONE
    return Message("command", state, "Why", cluster, lines=tuple(notes), rows=rows, tag="now")


def decision_text(decision: Decision, approvers: str = "") -> str:
    """Describes a decision in one line. `approvers` must approve it first; empty if it needs no approval."""
    match decision:
        case Act(plan):
            asked = f"would ask {approvers} for approval, then act" if approvers else "would act now"
            warnings = f" ({'; '.join(plan.warnings)})" if plan.warnings else ""
            return f"{asked}: {'; '.join(step.title for step in plan.steps)}{warnings}"
        case Wait(until, why):
            return f"waits until {instant(until)}: {why}"
        case Nothing(why):
            return f"nothing to do: {why}"
        case Report(headline):
            return headline


def plan_message(
    rows: Sequence[tuple[str, str, str, str]], counted: str, notes: Mapping[str, Sequence[str]] | None = None
) -> Message:
    """Renders one row per pool: (cluster, pool, how far behind, what happens next).

    The pool is empty if none is listed for the cluster. `notes` are what a person should know, by cluster.
    """
    rendered = [
        Row(f"{cluster}/{pool}" if pool else cluster, f"{late} · {following}", State.WAITING)
        for cluster, pool, late, following in rows
    ]
    lines = [f"{cluster}: {note}" for cluster, found in (notes or {}).items() for note in found]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    shown = (*lines[:_SHOWN], *more)
    return Message("command", State.DONE, "Plan", counted, lines=shown, rows=tuple(rendered), tag="now")
