"""What a person should know about a cluster as a whole before anything is decided about its pools or nodes."""

from datetime import datetime

from ops.model.fleet import Cluster, Unknown
from ops.model.wording import instant
from ops.policy.update_runs import Membership, membership_notes


def cluster_notes(cluster: Cluster, membership: Membership, now: datetime) -> tuple[str, ...]:
    """Returns one sentence for each of these facts, shown by `plan` and `why`; most clusters have none."""
    return (*membership_notes(membership), *forced_upgrade_notes(cluster, now), *unlisted_pools_notes(cluster))


def forced_upgrade_notes(cluster: Cluster, now: datetime) -> tuple[str, ...]:
    """Says that upgrades that start now ignore PDBs; empty if they do not.

    With `forceUpgrade`, AKS skips its own validation of PDBs and drains through them (API 2025-09-01 and later); only the start
    of the upgrade must lie before `until` (AKS documentation, "Force an upgrade").
    """
    until = cluster.forced_until
    if until is None or not cluster.forces_upgrade_at(now):
        return ()
    if isinstance(until, Unknown):
        return (f"forceUpgrade is set on the cluster ({until.why}): AKS may drain through PDBs in any upgrade",)
    when = f"every upgrade that starts before {instant(until)}"
    return (f"forceUpgrade is set on the cluster: AKS drains through PDBs in {when}",)


def unlisted_pools_notes(cluster: Cluster) -> tuple[str, ...]:
    """Says that Azure does not list all pools of the cluster; empty if it does."""
    if not cluster.hosted_system_pools:
        return ()
    return ("AKS runs its system pools itself: Azure does not list them, so their images were not compared",)
