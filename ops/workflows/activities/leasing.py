"""Lease: nothing is begun on a cluster without it, and it is never held while waiting for people or windows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ops.model.plan import Claim
from ops.model.run import Run, State
from ops.policy.leases import Holder, Lease, may_act, release, take
from ops.ports import Json, Store
from ops.records import leases
from ops.workflows.activities.context import Context, run_of
from ops.workflows.answer import Answer
from ops.workflows.reporting import report_run

_TAKEN_AGAIN = timedelta(minutes=5)


def lease(context: Context, payload: Mapping[str, Json]) -> dict[str, Json]:
    """Takes every lease that the plan claims, or none. Answers step (the first) or assess after a sleep."""
    stored = run_of(context, payload)
    run, now = stored.value, context.ports.clock.now()
    if run.plan is None or not run.steps:
        return Answer("assess").write()
    fencing = 0
    for claim in run.plan.claims:
        taken = take_claim(context.ports.store, claim, run.id, now)
        if isinstance(taken, Holder):
            release_all(context.ports.store, run)
            until = now + _TAKEN_AGAIN
            why = f"waits for {_who(context, taken)}"
            waiting = replace(run, state=State.WAITING, until=until, why=why, code="lease", plan=None, steps=())
            context.runs.replace(stored, waiting)
            report_run(context.ports, waiting)
            return Answer("assess", until).write()
        fencing = max(fencing, taken)
    began = run.began or now
    context.runs.replace(stored, replace(run, fencing=fencing, began=began))
    return Answer("step", step=run.steps[0].id).write()


def take_claim(store: Store, claim: Claim, run: str, now: datetime) -> int | Holder:
    """Our fencing number, or the holder in the way."""
    blocking: list[Holder] = []

    def change(lease: Lease | None) -> Lease:
        blocking.clear()
        current = lease or Lease()
        taken = take(current, claim, run, now)
        if isinstance(taken, Holder):
            blocking.append(taken)
            return current
        return taken

    after = leases(store).change(lease_key(claim.name), change)
    if blocking:
        return blocking[0]
    return next(holder.fencing for holder in after.holders if holder.run == run)


def holds_all(store: Store, run: Run, now: datetime) -> bool:
    """Whether the run still holds every lease of its plan safely."""
    if run.plan is None:
        return False
    stored = [leases(store).get(lease_key(claim.name)) for claim in run.plan.claims]
    return all(lease is not None and may_act(lease.value, run.id, now) for lease in stored)


def renew_all(store: Store, run: Run, now: datetime) -> None:
    """Holds every lease for another term."""
    for claim in run.plan.claims if run.plan else ():
        take_claim(store, claim, run.id, now)


def release_all(store: Store, run: Run) -> None:
    """Leaves every lease of the plan."""
    for claim in run.plan.claims if run.plan else ():
        leases(store).change(lease_key(claim.name), lambda lease: release(lease or Lease(), run.id))


def lease_key(name: str) -> str:
    """ARM ids have slashes, store keys do not."""
    return name.replace("/", "|")


def _who(context: Context, holder: Holder) -> str:
    other = context.runs.get(holder.run)
    return f"{other.value.target_name}, which has its turn" if other else holder.run
