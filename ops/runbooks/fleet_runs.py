"""Runbooks that act on a cluster while an update run of its fleet contains it (docs/node-image.md, rule 21)."""

from ops.model.fleet import Cluster
from ops.model.plan import Skip
from ops.model.reasons import SkipReason
from ops.policy.update_runs import Hold


def skip_of(cluster: Cluster, hold: Hold) -> Skip:
    """Returns the cluster as left out."""
    return Skip(cluster.name, SkipReason.UPDATE_RUN, hold.why, needs_person=hold.needs_person)
