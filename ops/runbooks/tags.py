"""Held changes of tags: asks the approvers of the stricter ring to accept them (docs/tags.md)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ops.model.decision import Act, Decision, Nothing
from ops.model.fleet import Cluster, Unknown
from ops.model.plan import Claim, Plan, Step
from ops.model.run import Run, StepState
from ops.model.run_request import RunRequest
from ops.model.tags import TagChange
from ops.policy.accepted_tags import identify
from ops.policy.approvers import rule_for
from ops.policy.placement import differences, held_changes, placement_of, selected_tags, stricter_ring
from ops.runbooks.contract import RunbookDefaults
from ops.runbooks.missing_facts import look_again
from ops.settings import Settings
from ops.settings.part import Section
from ops.settings.tags import RISK, TAGS

_READ_AGAIN = timedelta(minutes=5)
_GIVES_UP_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts that the decision is based on."""

    cluster: Cluster | Unknown


class Tags(RunbookDefaults):
    """The runbook for changes of tags that loosen what is done with a cluster."""

    name: str = "tags"
    title: str = "Tags"
    unit: str = "steps"
    section: Section[Any] | None = TAGS
    rank: int = 70
    confirms_plan: bool = True
    facts: type[Facts] = Facts

    def decide(self, facts: Facts, settings: Settings, run: Run, now: datetime) -> Decision:
        """Plans to accept the held changes. Without an approval rule, only a run that was started for exactly this plan may do so."""
        cluster = facts.cluster
        if isinstance(cluster, Unknown):
            return look_again("the cluster", cluster, now, _READ_AGAIN, run.created + _GIVES_UP_AFTER)
        changes = held_changes(cluster)
        if not changes:
            return Nothing(_nothing_held(run))
        if run.source == "timer" and not run.period.endswith(identify(changes)):
            # Someone who changes tags back and forth would otherwise cause a new request every five minutes.
            return Nothing("another change of its tags is held now; the run for that change asks about it")
        plan = _plan(self.name, cluster, changes, settings)
        ring = self.ring(cluster, settings)
        if (
            rule_for(settings, self.name, ring, plan.risk) is not None
            or run.dry_run
            or run.params.get("plan") == plan.hash
        ):
            return Act(plan)
        changed = "; ".join(map(str, changes))
        where = ring or "clusters outside the rings"
        return Nothing(f"{changed}: held, because no rule says who approves changes of tags in {where}")

    def due(self, clusters: Sequence[Cluster], settings: Settings, now: datetime) -> tuple[RunRequest, ...]:
        """Returns one request per cluster, held change and day on which it was first seen. Requests of one day share an approval."""
        return tuple(
            RunRequest(
                self.name,
                cluster.id,
                cluster.name,
                f"{since:%Y-%m-%d}-{identify(held_changes(cluster))}",
                now,
                "timer",
                "daytwo",
                batch=f"tag-changes.{since:%Y-%m-%d}",
            )
            for cluster in clusters
            if cluster.held_tags is not None and (since := cluster.held_tags.since) is not None
        )

    def ring(self, cluster: Cluster, settings: Settings) -> str:
        """Returns the stricter of the ring that the cluster is in and the one that it would be in."""
        return stricter_ring(cluster, settings)


RUNBOOK = Tags()


def _plan(runbook: str, cluster: Cluster, changes: tuple[TagChange, ...], settings: Settings) -> Plan:
    """Plans one step, which names every tag that the configuration reads, so an approval covers nothing else."""
    before = placement_of(cluster, settings)
    after = placement_of(replace(cluster, tags=cluster.tags_now), settings)
    texts = tuple(each.text for each in differences(before, after))
    params = {
        "accepted": json.dumps(selected_tags(cluster.tags, settings)),
        "tags": json.dumps(selected_tags(cluster.tags_now, settings)),
        "effect": "; ".join(texts),
    }
    title = f"accept {', '.join(map(str, changes))}"
    step = Step("accept", "accept-tags", title, params)
    return Plan(runbook, cluster.id, (step,), (Claim.of_cluster(cluster.id),), (title, *texts), risk=RISK)


def _nothing_held(run: Run) -> str:
    accepted = [record.title for record in run.finished if record.state is StepState.DONE]
    return f"done: {', '.join(accepted)}" if accepted else "no change of its tags is held"
