"""The hourly scan of Azure Kubernetes Fleet Manager: update runs that wait, and fleets that cannot be read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ops.context import Context
from ops.facts.fleet_membership import read_membership
from ops.messaging.conditions import report_condition
from ops.model.fleet import Cluster, Unknown
from ops.model.run_request import short_hash
from ops.model.update_runs import UpdateRun
from ops.policy.rings import ring_of
from ops.policy.update_runs import Membership
from ops.render.cluster_conditions import unreadable_fleets_message, waiting_run_message
from ops.settings import Settings
from ops.tables.base import marked
from ops.tables.conditions import conditions
from ops.tables.set_aside import each

_RUN = "update-run."


@dataclass
class _Found:
    """Waiting runs with their fleet and clusters, by subject; clusters by refusal; and whether all fleets could be read."""

    waiting: dict[str, tuple[str, UpdateRun, list[str]]] = field(default_factory=dict)
    refused: dict[str, list[str]] = field(default_factory=dict)
    is_complete: bool = True

    def add(self, cluster: str, membership: Membership) -> None:
        """Adds what is known about one cluster."""
        if isinstance(membership, Unknown):
            self.is_complete = False
            if not membership.transient:
                self.refused.setdefault(membership.why, []).append(cluster)
        elif membership is not None:
            for run in membership.runs:
                if run.waits:
                    subject = f"{_RUN}{short_hash(run.id)}"
                    self.waiting.setdefault(subject, (membership.fleet, run, []))[2].append(cluster)


def report_update_runs(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Reports each update run that waits once, with the clusters that it holds, and the fleets that cannot be read once.

    Both hold many clusters, so they are not reported by each of them. What cannot be read now resolves nothing.
    """
    ports, found = context.ports, _Found()

    def look(cluster: Cluster) -> None:
        found.add(cluster.name, read_membership(ports.fleets, cluster.id, now))

    def report(subject: str) -> None:
        report_condition(ports, waiting_run_message(subject, *found.waiting[subject]), now)

    def resolve(subject: str) -> None:
        name = conditions(ports.store).must_get(subject).value.where
        report_condition(ports, waiting_run_message(subject, name, None, ()), now)

    members = [cluster for cluster in fleet if ring_of(cluster, settings) is not None]
    each(ports.store, "fleets of clusters", members, look, lambda cluster: cluster.id)
    each(ports.store, "update runs", tuple(found.waiting), report)
    if found.is_complete or found.refused:
        report_condition(ports, unreadable_fleets_message(found.refused), now)
    if found.is_complete:
        over = [key for key in marked(ports.store, conditions(ports.store).kind, _RUN) if key not in found.waiting]
        each(ports.store, "update runs that are over", over, resolve)
