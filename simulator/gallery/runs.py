"""Sample runs of the six runbooks, in every state that a run can have."""

from dataclasses import replace
from datetime import timedelta

from ops.model.outcome import Progress
from ops.model.plan import Plan, Skip
from ops.model.reasons import SkipReason
from ops.model.run import Run, State, StepRecord, StepState
from simulator.gallery.requests import NOW, TAG_CHANGE, TAG_EFFECTS, cluster_id, image_plan, reboot_plan, tags_plan

RUNBOOKS = ("node-image", "reboot", "power", "spot", "budget", "tags")
_BEGAN = NOW - timedelta(minutes=50)
_PLANS: dict[str, Plan | None] = {
    "node-image": image_plan("shop-prod", ("system", "user1", "user2"), 17),
    "reboot": reboot_plan("edge-prod", "aks-user1-vmss000003"),
    "power": None,
    "spot": None,
    "budget": None,
    "tags": tags_plan("shop-prod"),
}
_TARGETS = {
    "node-image": "shop-prod",
    "reboot": "edge-prod",
    "power": "shop-dev",
    "spot": "data-prod",
    "budget": "platform",
    "tags": "shop-prod",
}
_STEPS = {
    "node-image": (("pool.system", "system"), ("pool.user1", "user1"), ("pool.user2", "user2")),
    "reboot": (
        ("cordon.aks-user1-vmss000003", "cordon aks-user1-vmss000003"),
        ("drain.aks-user1-vmss000003", "drain aks-user1-vmss000003"),
        ("restart.aks-user1-vmss000003", "aks-user1-vmss000003"),
    ),
    "power": (("stop", "stop the cluster"),),
    "spot": (("evacuate.aks-spot-vmss000001", "evacuate 2 nodes"),),
    "budget": (),
    "tags": (("accept", f"accept {TAG_CHANGE}"),),
}
_DONE = {
    "pool.system": "3 of 3 nodes run 202611.12.0 and are Ready",
    "pool.user1": "6 of 6 nodes run 202611.12.0 and are Ready",
    "pool.user2": "8 of 8 nodes run 202611.12.0 and are Ready",
    "restart.aks-user1-vmss000003": "aks-user1-vmss000003 has rebooted and is Ready",
    "stop": "the cluster is stopped",
    "accept": f"accepted: {'; '.join(TAG_EFFECTS)}",
    "evacuate.aks-spot-vmss000001": "9 pods have left 2 nodes",
}
_FAILED = {
    "node-image": "UpgradeFailed: aks-user1-vmss000004 did not drain, PDB shop/web allows no disruption",
    "reboot": "shop/web-1 was not evicted from aks-user1-vmss000003 within 30 min: PDB shop/web allows no disruption",
    "power": "AllocationFailed: no capacity for Standard_D8s_v5 in westeurope",
    "spot": "analytics/worker-2 was not evicted from aks-spot-vmss000001 before the node was gone",
    "budget": "Cost Management does not respond",
    "tags": "the record does not contain the accepted tags",
}
_REMEDIES = {
    "node-image": "add a replica to the pods of PDB shop/web, then start the run again; next week's run tries again",
    "reboot": "let PDB shop/web allow a disruption; the node is schedulable again, and Daytwo retries the next night",
    "power": "nothing now: Daytwo retries at the next quarter of an hour",
    "spot": "check whether analytics/worker-2 runs again",
    "budget": "try again in an hour",
    "tags": "check the tags of the cluster, then start the run again",
}
_HEADLINES = {
    "node-image": "",
    "reboot": "",
    "power": "the awake hours of shop-dev end at 23:45",
    "spot": "5 of 12 spot nodes are evicted at once",
    "budget": "platform has exceeded €32,000.00 of €40,000.00",
    "tags": "",
}


def run_in(runbook: str, state: State) -> Run:
    """A sample run of a runbook in the given state."""
    target = _TARGETS[runbook]
    run = Run(
        id=f"{runbook}.{target}-5657f4.2026-w47",
        runbook=runbook,
        target=cluster_id(target),
        target_name=target,
        period="2026-w47",
        created=_BEGAN,
        source="timer",
        by="daytwo",
        state=state,
        headline=_HEADLINES[runbook],
        plan=_PLANS[runbook],
        acted=state is not State.WAITING,
        began=_BEGAN,
    )
    match state:
        case State.WAITING:
            until = NOW + timedelta(hours=8)
            return replace(run, why="next window opens", code="window", until=until)
        case State.NEEDS_YOU:
            why = "waiting for approval by platform, until Wed 19:05 UTC"
            return replace(run, why=why, code="approval", until=NOW + timedelta(hours=5), plan=_PLANS[runbook])
        case State.RUNNING:
            return replace(run, steps=_records(runbook, StepState.RUNNING))
        case State.DONE:
            return replace(run, finished=_records(runbook, StepState.DONE), ended=NOW)
        case State.FAILED:
            why, remedy = _FAILED[runbook], _REMEDIES[runbook]
            return replace(run, steps=_records(runbook, StepState.FAILED), why=why, remedy=remedy, ended=NOW)
        case State.HALTED:
            why = "rejected by ben Wed 2026-11-18 13:39 UTC: the sale ends on Thursday"
            left = _records(runbook, StepState.LEFT)
            return replace(run, why=why, code="rejected", acted=False, began=None, ended=NOW, steps=left)
        case State.SKIPPED:
            skips = (Skip("gpu", SkipReason.SNAPSHOT, "created from a snapshot"),) if runbook == "node-image" else ()
            why = "not approved until Wed 2026-11-18 19:05 UTC, so nothing was done"
            return replace(run, why=why, code="not-approved", acted=False, began=None, skips=skips, ended=NOW)


def _records(runbook: str, last: StepState) -> tuple[StepRecord, ...]:
    """The run's steps: the first is done, the second is in progress, and the others have not started."""
    found = []
    current = min(1, len(_STEPS[runbook]) - 1)
    for number, (identity, title) in enumerate(_STEPS[runbook]):
        began = _BEGAN + timedelta(minutes=21 * number)
        ended = began + timedelta(minutes=19)
        done = StepRecord(
            identity, title, StepState.DONE, began=began, ended=ended, evidence=_DONE.get(identity, "is done")
        )
        if last is StepState.DONE or (number < current and last is not StepState.LEFT):
            found.append(done)
        elif number == current and last is StepState.RUNNING:
            progress, end = Progress(4, 6), NOW + timedelta(minutes=12)
            found.append(replace(done, state=last, ended=None, evidence="", progress=progress, expected_end=end))
        elif number == current and last is StepState.FAILED:
            found.append(replace(done, state=last, evidence="", why=_FAILED[runbook], failed=True))
        else:
            found.append(StepRecord(identity, title, StepState.LEFT))
    return tuple(found)
