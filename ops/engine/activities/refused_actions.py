"""Actions that are refused for a lasting reason: recorded, reported once, and tried again with growing pauses."""

from dataclasses import replace
from datetime import datetime

from ops.messaging.conditions import report_condition
from ops.model.decision import Act, Decision, Wait
from ops.model.outcome import Refused
from ops.model.plan import Step
from ops.model.reasons import WaitReason
from ops.model.refusal import RefusedAction
from ops.model.run import Run
from ops.policy.refused_actions import holding, in_force, is_disruptive, next_attempt
from ops.ports.bundle import Ports
from ops.ports.store import Store
from ops.render.conditions import allowed_message, refused_message
from ops.runbooks import runbooks
from ops.tables.refused_actions import refused_actions, refused_key, refused_on


def record_refusal(
    ports: Ports, run: Run, attempted: tuple[str, Step], refused: Refused, now: datetime
) -> datetime | None:
    """Records and reports a refusal of a verb in a step. Returns when the run is assessed again.

    None means at once: the run can go on without the action, or it ends.
    """
    table = refused_actions(ports.store)
    verb, step = attempted
    costly = run.plan is not None and is_disruptive(run.plan, step)
    why = (refused.code, refused.cause, refused.remedy)
    first = RefusedAction(run.target, verb, *why, run.id, now, now, 1, refused.subject, costly)

    def change(old: RefusedAction | None) -> RefusedAction:
        if old is None:
            return first
        # A crash can repeat the attempt; the same moment counts once.
        return replace(first, first=old.first, times=old.times + (old.last != now))

    found = table.change(refused_key(run.target, verb, refused.subject), change)
    message = refused_message(_subject(found), runbooks()[run.runbook].title, run.target_name, found)
    report_condition(ports, message, now, channels=run.channels, target=run.target)
    return None if found.subject or found.disruptive else next_attempt(found)


def forget_refusal(ports: Ports, run: Run, attempted: tuple[str, Step], now: datetime) -> None:
    """Resolves the refusal of a verb in a step that works again."""
    table = refused_actions(ports.store)
    verb, step = attempted
    for subject in dict.fromkeys(("", step.params.get("node", ""))):
        stored = table.get(refused_key(run.target, verb, subject))
        if stored is None:
            continue
        message = allowed_message(_subject(stored.value), runbooks()[run.runbook].title, run.target_name)
        report_condition(ports, message, now, channels=run.channels, target=run.target)
        table.delete(stored.key)


def hold_refused(store: Store, run: Run, decision: Decision, now: datetime) -> Decision:
    """Lets a plan wait while one of its actions is refused and the next attempt is not due; a person's request is tried at once."""
    if not isinstance(decision, Act):
        return decision
    held = holding(in_force(refused_on(store, run.target), run, now), decision.plan)
    if held is None:
        return decision
    return Wait(next_attempt(held), held.cause, WaitReason.REFUSED, skips=decision.plan.skips)


def last_refusal(store: Store, run: Run) -> RefusedAction | None:
    """Returns what was refused to this run last and still is; it says more than that no time is left."""
    own = [each for each in refused_on(store, run.target) if each.run == run.id]
    return max(own, key=lambda each: each.last, default=None)


def _subject(refused: RefusedAction) -> str:
    """The suffix lets it be closed if it is not observed for days."""
    return f"refused.{refused_key(refused.target, refused.verb, refused.subject)}.held".replace("|", ".")
