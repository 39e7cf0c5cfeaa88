"""Whether an update run of Azure Kubernetes Fleet Manager has the cluster (docs/node-image.md, rule 21)."""

from ops.model.fleet import Unknown
from ops.model.update_runs import FleetMembership, UpdateRun

# What is known about a cluster: its fleet, that it is in none that the identity sees, or why this could not be read.
type Membership = FleetMembership | Unknown | None


def fleet_hold(membership: Membership) -> str:
    """Returns why the cluster is left to its fleet, or cannot be acted on because that is unknown; empty if it can be acted on.

    Two drivers must not upgrade, stop or restart the same cluster: an operation that runs on a member fails the update run.
    """
    match membership:
        case None:
            return ""
        case Unknown(why):
            return f"whether an update run of a fleet contains the cluster could not be read: {why}"
        case FleetMembership(fleet, _, runs):
            first = min(runs, key=lambda run: run.waits, default=None)
            return "" if first is None else _described(fleet, first)


def membership_notes(membership: Membership) -> tuple[str, ...]:
    """Says that the cluster is a member of a fleet, and what the fleet does with it."""
    if membership is None:
        return ()
    hold = fleet_hold(membership)
    if isinstance(membership, Unknown):
        return (hold,)
    group = f" (update group {membership.group})" if membership.group else ""
    member = f"member of the fleet {membership.fleet} of Azure Kubernetes Fleet Manager{group}"
    profiles = f"the fleet also upgrades it by itself: {', '.join(membership.auto_upgrades)}"
    return (member, *([hold] if hold else []), *([profiles] if membership.auto_upgrades else []))


def _described(fleet: str, run: UpdateRun) -> str:
    stage = f", stage {run.stage}" if run.stage else ""
    return f"the update run {run.name} of the fleet {fleet} contains the cluster: {run.state}{stage} ({run.id})"
