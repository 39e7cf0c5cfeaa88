"""Lease: no step begins on a cluster without a lease. A run never holds one while it waits for people or windows."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ops.context import Context, run_of
from ops.engine.transition import Outcome, Transition
from ops.messaging.message_sync import report_run
from ops.model.json import Json
from ops.model.plan import Claim
from ops.model.reasons import WaitReason
from ops.model.run import Run, State
from ops.policy.leases import Holder, Lease, may_act, release, take
from ops.policy.precedence import rank
from ops.ports.store import Store
from ops.runbooks import runbooks
from ops.tables.base import store_key
from ops.tables.leases import Waiter, Waiters, leases, waiters

_TAKEN_AGAIN = timedelta(minutes=5)
# A waiting run renews its entry with each attempt, so the entry of a run that no longer exists expires.
_WANTED_FOR = timedelta(minutes=12)


def lease(context: Context, payload: Mapping[str, Json]) -> Transition:
    """Takes every lease that the plan claims, or none. Reports STEP (the first one), or ASSESS after a sleep."""
    stored = run_of(context, payload)
    run, now = stored.value, context.ports.clock.now()
    if run.plan is None or not run.steps:
        return Transition(Outcome.ASSESS)
    store = context.ports.store
    for claim in run.plan.claims:
        before = run_ahead(store, claim, run, now)
        taken = before or take_claim(store, claim, run.id, now)
        if taken is not None:
            release_all(store, run)
            register_waiter(store, claim, run, now)
            until = now + _TAKEN_AGAIN
            why = f"waiting for {_holders_text(context, taken, run)}"
            waiting = replace(
                run, state=State.WAITING, until=until, why=why, code=WaitReason.LEASE, plan=None, steps=()
            )
            context.runs.replace(stored, waiting)
            report_run(context.ports, waiting)
            return Transition(Outcome.ASSESS, until)
    for claim in run.plan.claims:
        remove_waiter(store, claim, run)
    began = run.began or now
    context.runs.replace(stored, replace(run, began=began))
    return Transition(Outcome.STEP, step=run.steps[0].id)


def take_claim(store: Store, claim: Claim, run: str, now: datetime) -> Holder | None:
    """Takes or renews a lease. Returns the holder that prevents this; None if the run now holds the lease."""
    blocking: list[Holder] = []

    def change(lease: Lease | None) -> Lease:
        blocking.clear()
        current = lease or Lease()
        taken = take(current, claim, run, now)
        if isinstance(taken, Holder):
            blocking.append(taken)
            return current
        return taken

    leases(store).change(store_key(claim.name), change)
    return blocking[0] if blocking else None


def register_waiter(store: Store, claim: Claim, run: Run, now: datetime) -> None:
    """Records that the run is waiting for a lease, so that a holder with a higher rank yields between its steps."""
    mine = Waiter(_rank(run), now + _WANTED_FOR)
    waiters(store).change(store_key(claim.name), lambda old: Waiters({**(old.runs if old else {}), run.id: mine}))


def remove_waiter(store: Store, claim: Claim, run: Run) -> None:
    """Removes a run from those that wait for the lease, because it holds the lease or has ended."""
    stored = waiters(store).get(store_key(claim.name))
    if stored is not None and run.id in stored.value.runs:
        waiters(store).change(
            store_key(claim.name),
            lambda old: Waiters({k: v for k, v in (old.runs if old else {}).items() if k != run.id}),
        )


def run_ahead(store: Store, claim: Claim, run: Run, now: datetime) -> Holder | None:
    """Returns a waiting run with a lower rank, which goes first; None if there is none."""
    stored = waiters(store).get(store_key(claim.name))
    if stored is None:
        return None
    own = _rank(run)
    higher = [
        (w.rank, name) for name, w in stored.value.runs.items() if w.rank < own and now < w.until and name != run.id
    ]
    return Holder(min(higher)[1], "", now) if higher else None


def holds_all(store: Store, run: Run, now: datetime) -> bool:
    """Whether the run still holds every lease of its plan safely."""
    if run.plan is None:
        return False
    stored = [leases(store).get(store_key(claim.name)) for claim in run.plan.claims]
    return all(lease is not None and may_act(lease.value, run.id, now) for lease in stored)


def renew_all(store: Store, run: Run, now: datetime) -> Holder | None:
    """Renews every lease. Returns the run that has taken the cluster's own lease in the meantime, or None."""
    taken = [(claim, take_claim(store, claim, run.id, now)) for claim in (run.plan.claims if run.plan else ())]
    own = Claim.of_cluster(run.target).name
    return next((held for claim, held in taken if held is not None and claim.name == own), None)


def release_all(store: Store, run: Run) -> None:
    """Releases every lease of the plan."""
    for claim in run.plan.claims if run.plan else ():
        leases(store).change(store_key(claim.name), lambda lease: release(lease or Lease(), run.id))


def _rank(run: Run) -> int:
    return rank(runbooks()[run.runbook].rank, run.source)


def _holders_text(context: Context, holder: Holder, run: Run) -> str:
    other = context.runs.get(holder.run)
    if other is None or other.value.target == run.target:
        return f"{holder.run}, which has this cluster"
    return f"{other.value.target_name}, which goes first"
