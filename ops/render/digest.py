"""The week in one message: what happened, what comes next, and a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.model.approval import Approval, ApprovalState
from ops.model.calendar import Span
from ops.model.message import Message, Moment, Picture, Row
from ops.model.run import Run, State
from ops.render.phrases import plural

_SHOWN = 8
_ENDS = (State.DONE, State.FAILED, State.HALTED, State.SKIPPED)


@dataclass(frozen=True, slots=True)
class Coming:
    """An operation that can begin at `at` or later."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Digest:
    """The contents of a digest.

    `titles` maps the runbooks' names to their titles; all `runs` ended within the span; `needs` has one text per open condition.
    """

    id: str
    span: Span
    titles: Mapping[str, str]
    runs: Sequence[Run]
    approvals: Sequence[Approval]
    coming: Sequence[Coming]
    needs: Sequence[str] = ()
    picture: Picture | None = None


def digest_message(digest: Digest) -> Message:
    """Lists the counts for each operation, the failures by name, who decided, and what comes next."""
    reported = [run for run in digest.runs if run.acted or run.state is State.FAILED]
    bad = [run for run in reported if run.state in (State.FAILED, State.HALTED) or run.notify]
    last_day = digest.span.end - timedelta(seconds=1)
    return Message(
        subject=digest.id,
        state=State.DONE,
        what="The week",
        where=f"{digest.span.start:%-d %B} to {last_day:%-d %B %Y}",
        progress_text=plural(len(reported), "run"),
        lines=(*_bad(bad), *_needs(digest.needs), *_decided(digest.approvals)),
        moments=tuple(Moment(f"next: {each.what},", each.at) for each in digest.coming),
        rows=tuple(
            _row(title, [run for run in reported if run.runbook == name]) for name, title in digest.titles.items()
        ),
        tag="digest",
        footer=digest.id,
        picture=digest.picture,
    )


def _row(title: str, runs: Sequence[Run]) -> Row:
    counts = {state: sum(run.state is state for run in runs) for state in _ENDS}
    clusters = len({run.target for run in runs})
    text = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    if not text:
        return Row(title, "nothing to do", State.SKIPPED)
    state = State.FAILED if counts[State.FAILED] else State.HALTED if counts[State.HALTED] else State.DONE
    return Row(title, f"{text} · {plural(clusters, 'target')}", state)


def _bad(runs: Sequence[Run]) -> list[str]:
    lines = [f"{run.target_name}: {run.why or run.headline}" for run in runs[:_SHOWN]]
    return [*lines, *([f"and {len(runs) - _SHOWN} more that need attention"] if len(runs) > _SHOWN else [])]


def _needs(needs: Sequence[str]) -> list[str]:
    if not needs:
        return []
    more = [f"and {len(needs) - _SHOWN} more"] if len(needs) > _SHOWN else []
    return [f"needs a person: {plural(len(needs), 'open condition')}", *needs[:_SHOWN], *more]


def _decided(approvals: Sequence[Approval]) -> list[str]:
    if not approvals:
        return []
    counts = {state: [each for each in approvals if each.state is state] for state in ApprovalState}
    parts = []
    for state, found in counts.items():
        people = sorted({name for each in found for name in each.decided_by.split(", ") if name})
        by = f" by {', '.join(people)}" if people else ""
        if found:
            parts.append(f"{len(found)} {state}{by}")
    return [f"{plural(len(approvals), 'approval')}: {'; '.join(parts)}"]
