"""The messages about runs and rollouts."""

from collections.abc import Iterator, Mapping

from ops.model.message import Message, Row
from ops.model.reasons import SkipReason, WaitReason
from ops.model.run import Rollout, Run, RunSummary, State, StepRecord, StepState
from ops.render.phrases import duration, listed, plural
from ops.runbooks.contract import Runbook

_STEP_STATES = {
    StepState.PLANNED: State.WAITING,
    StepState.INTENDED: State.RUNNING,
    StepState.RUNNING: State.RUNNING,
    StepState.DONE: State.DONE,
    StepState.FAILED: State.FAILED,
    StepState.LEFT: State.WAITING,
    StepState.UNDOING: State.RUNNING,
    StepState.UNDONE: State.DONE,
}
_SHOWN_SKIPS = 5
_OPENS = "next window opens"
_WORTH_DETAILS = 2
# Pools and clusters that need nothing from Daytwo.
_NOTHING_TO_DO = (SkipReason.ALREADY_LATEST, SkipReason.AKS_MANAGED)
_USUAL = (State.DONE, State.RUNNING, State.WAITING)
_SHOWN_WHYS = 2
# In a ring these are listed by name, up to a limit; the others are counted.
_ODD = (State.FAILED, State.NEEDS_YOU, State.HALTED, State.SKIPPED)
_SHOWN_ODD = 30
_NAMES = 240
_HELD = (SkipReason.UNPROVEN, SkipReason.BUSY, SkipReason.ASLEEP, SkipReason.NO_WINDOW_LEFT)
# Remedies for runs that ended without a failure but need attention.
_REMEDIES: dict[str, str] = {
    SkipReason.UNPROVEN: "run this image on a cluster of the previous ring (the same OS and Kubernetes minor version), or upgrade the pool "
    "yourself; otherwise next week's run checks again",
}


def run_message(run: Run, runbook: Runbook) -> Message:
    """Returns the message about a run."""
    records = (*run.finished, *run.steps)
    calls = run.notify and (
        run.state in (State.WAITING, State.DONE) or (run.state is State.RUNNING and bool(run.lines))
    )
    state = State.NEEDS_YOU if calls else run.state
    return Message(
        subject=run.id,
        state=state,
        what=runbook.title,
        where=run.target_name,
        progress_text=_progress(run, records, runbook),
        lines=_lines(run),
        rows=tuple(_row(record, is_over=run.state.is_final) for record in records),
        until=run.until if run.state is State.WAITING else None,
        until_text=_OPENS if _waits_for_its_window(run) else "next check",
        remedy=run.remedy if run.state is State.FAILED else _REMEDIES.get(run.code, "") if run.notify else "",
        footer=_footer(run),
    )


def run_details(run: Run, title: str, *, is_posted: bool = False) -> Message | None:
    """Returns one row per event, newest last, for the reply in the thread of the run's message.

    Returns None if nothing has happened yet, or if the message already says everything: a run with one step has no details.
    If the reply `is_posted`, it is always returned, so that it does not keep showing an earlier state.
    """
    rows = sorted((*_events(run), *_end(run, is_posted=is_posted)), key=lambda row: row.at or run.created)
    is_small = not rows or len({record.id for record in (*run.finished, *run.steps)}) < _WORTH_DETAILS
    if is_small and not is_posted:
        return None
    return Message(f"{run.id}.details", run.state, title, run.target_name, "details", rows=tuple(rows))


def _events(run: Run) -> Iterator[Row]:
    if run.approved and run.acted:
        yield Row("approval", run.approved, State.DONE, at=run.began)
    for record in (*run.finished, *run.steps):
        if record.began is not None:
            yield Row(record.title, "begins", State.RUNNING, at=record.began)
        if record.ended is not None:
            yield Row(record.title, record.evidence or record.why, _STEP_STATES[record.state], at=record.ended)


def _end(run: Run, *, is_posted: bool) -> Iterator[Row]:
    if run.ended is not None and (run.acted or is_posted):
        yield Row(str(run.state), run.why or run.headline, run.state, at=run.ended)


def rollout_message(rollout: Rollout, runs: Mapping[str, RunSummary], title: str) -> Message:
    """Returns the message about a rollout, with one row per ring."""
    plan = rollout.plan
    rows = []
    for index, ring in enumerate(plan.rings):
        members = [runs[target] for target, _ in ring.targets if target in runs]
        ended = [run for run in members if run.state.is_final]
        state = _ring_state(members, len(ring.targets), index, rollout)
        rows.append(Row(ring.name, _ring_text(members), state, len(ended), len(ring.targets)))
        rows += _odd(members)
    total = sum(len(ring.targets) for ring in plan.rings)
    ended_total = sum(run.state.is_final for run in runs.values())
    lines = [rollout.why] if rollout.why else []
    if rollout.state is State.HALTED:
        lines.append("No new runs will start; running ones will complete.")
    return Message(
        subject=rollout.id,
        state=rollout.state,
        what=f"{title}, rollout {plan.period}",
        where=", ".join(ring.name for ring in plan.rings),
        progress_text=f"{ended_total} of {plural(total, 'cluster')}",
        lines=tuple(lines),
        rows=tuple(rows),
        remedy="find the cause before the next rollout" if rollout.state is State.HALTED else "",
        footer=f"{rollout.id} · {len(plan.watched)} more managed by AKS" if plan.watched else rollout.id,
    )


def _progress(run: Run, records: tuple[StepRecord, ...], runbook: Runbook) -> str:
    prefix = runbook.step_prefix
    units = {r.id.removeprefix(prefix): r.state for r in records if prefix and r.id.startswith(prefix)}
    if not units:
        return ""
    done = sum(state is StepState.DONE for state in units.values())
    held = {skip.what for skip in run.skips if skip.code in _HELD} - units.keys()
    return f"{done} of {len(units) + len(held)} {runbook.unit}"


def _lines(run: Run) -> tuple[str, ...]:
    lines: list[str] = []
    if run.headline:
        lines.append(run.headline)
    if run.approved:
        lines.append(run.approved)
    if run.why and run.state is not State.RUNNING and not _waits_for_its_window(run):
        lines.append(_named(run))
    lines += run.lines
    if run.plan is not None:
        lines += run.plan.reasons if not run.finished else ()
        lines += run.plan.warnings
    elsewhere = [skip for skip in run.skips if skip.code not in _NOTHING_TO_DO]
    if run.acted or run.state.is_final:
        lines += [f"{skip.what} left out: {skip.why}" for skip in elsewhere[:_SHOWN_SKIPS] if skip.why not in run.why]
        if len(elsewhere) > _SHOWN_SKIPS:
            lines.append(f"and {len(elsewhere) - _SHOWN_SKIPS} more left out")
    return tuple(dict.fromkeys(lines))


def _waits_for_its_window(run: Run) -> bool:
    """Whether the row's time already explains why the run is waiting."""
    return run.state is State.WAITING and run.code == WaitReason.WINDOW and run.why.startswith(_OPENS)


def _named(run: Run) -> str:
    """Returns why the run is waiting, with the pools that are waiting for the same reason."""
    names = [skip.what for skip in run.skips if skip.why == run.why]
    return f"{', '.join(names)}: {run.why}" if names else run.why


def _row(record: StepRecord, *, is_over: bool = False) -> Row:
    state = _STEP_STATES[record.state]
    progress = record.progress
    if record.state in (StepState.DONE, StepState.UNDONE):
        took = duration(record.ended - record.began) if record.ended and record.began else ""
        text = " · ".join(part for part in (record.evidence, took) if part)
        return Row(record.title, text, state)
    if record.state is StepState.FAILED:
        return Row(record.title, record.why, state)
    if record.state in (StepState.RUNNING, StepState.INTENDED):
        text = f"{progress.done} of {plural(progress.total, progress.unit.removesuffix('s'))}" if progress else "begun"
        done, total = (progress.done, progress.total) if progress else (None, None)
        return Row(record.title, text, state, done, total, record.expected_end)
    if record.state is StepState.UNDOING:
        return Row(record.title, "is being undone", state)
    if is_over:
        return Row(record.title, record.why or "not started", State.SKIPPED)
    return Row(record.title, record.why or "waiting", state)


def _footer(run: Run) -> str:
    took = f" · took {duration(run.ended - run.began)}" if run.ended and run.began else ""
    asked = f" · requested by {run.by}" if run.source != "timer" else ""
    return f"{run.id}{asked}{took}"


def _ring_state(members: list[RunSummary], size: int, index: int, rollout: Rollout) -> State:
    if any(run.state is State.FAILED for run in members):
        return State.FAILED
    if index >= rollout.rings_begun:
        return State.HALTED if rollout.state is State.HALTED else State.WAITING
    if len(members) == size and all(run.state.is_final for run in members):
        return State.DONE
    return State.RUNNING if any(run.acted for run in members) else State.WAITING


def _ring_text(members: list[RunSummary]) -> str:
    """Counts the states of a ring's runs, and says why runs are waiting."""
    if not members:
        return "not started"
    counts = {state: sum(run.state is state for run in members) for state in (*_USUAL, *_ODD)}
    text = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    waiting: dict[str, list[str]] = {}
    for run in members:
        if run.state is State.WAITING and run.why:
            waiting.setdefault(run.why, []).append(run.target_name)
    whys = [f"{names[0] if len(names) == 1 else f'{len(names)} clusters'}: {why}" for why, names in waiting.items()]
    return " · ".join([text, *whys[:_SHOWN_WHYS]])


def _odd(members: list[RunSummary]) -> list[Row]:
    """Lists runs that may need a person, by name; runs with the same reason share a row."""
    alike: dict[tuple[State, str], list[str]] = {}
    for state in _ODD:
        for run in members:
            if run.state is state and not (state is State.SKIPPED and run.code in _NOTHING_TO_DO):
                alike.setdefault((state, run.why), []).append(run.target_name)
    rows = [Row(f"   {listed(names, _NAMES)}", why, state) for (state, why), names in alike.items()]
    more = len(rows) - _SHOWN_ODD
    return [*rows[:_SHOWN_ODD], *([Row("", f"and {more} more that need attention", State.FAILED)] if more > 0 else [])]
