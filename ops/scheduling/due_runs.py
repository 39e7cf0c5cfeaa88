"""Starts due operations: weekly rollouts, and single runs every 15 minutes."""

from collections.abc import Sequence
from datetime import datetime

from ops.context import Context
from ops.engine import Orchestrator, started
from ops.engine.run_starter import UNFINISHED, start_if_actionable
from ops.messaging.conditions import report_fleet
from ops.model.fleet import Cluster
from ops.model.run import Rollout, RolloutPlan
from ops.policy.rings import with_new_clusters
from ops.runbooks import runbooks
from ops.runbooks.contract import Runbook
from ops.settings import Settings
from ops.tables.runs import rollouts
from ops.tables.set_aside import each


def start_due_rollouts(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Starts each runbook's rollout once per week, however often it is due. Clusters that are found later join it.

    A rollout does not start while no cluster is in a ring: roles and tags can take an hour after the deployment to take effect.
    """
    plans = [plan for runbook in runbooks().values() if (plan := runbook.rollout(fleet, settings, now)) is not None]
    worth = [plan for plan in plans if plan.watched or any(ring.targets for ring in plan.rings)]
    if plans:
        report_fleet(context.ports, now, is_empty=not worth)
    each(
        context.ports.store,
        "rollouts",
        worth,
        lambda plan: _start_rollout(context, plan, settings, now),
        lambda plan: plan.runbook,
    )


def _start_rollout(context: Context, plan: RolloutPlan, settings: Settings, now: datetime) -> None:
    table, rollout_id = rollouts(context.ports.store), f"rollout.{plan.runbook}.{plan.period}"
    context.ports.store.insert(UNFINISHED, rollout_id, {})

    def change(old: Rollout | None) -> Rollout:
        return with_new_clusters(old, plan, now) if old else Rollout(rollout_id, plan, now, config_hash=settings.hash)

    if not table.change(rollout_id, change).state.is_final:
        context.engine.start(Orchestrator.ROLLOUT, rollout_id, started(rollout=rollout_id))


def start_due_runs(context: Context, settings: Settings, fleet: Sequence[Cluster], now: datetime) -> None:
    """Starts individual runs that are due. A cluster that cannot be read or decided does not delay the others."""
    pairs = [(runbook, cluster) for runbook in runbooks().values() for cluster in fleet]

    def start(pair: tuple[Runbook, Cluster]) -> None:
        runbook, cluster = pair
        for run_request in runbook.due([cluster], settings, now):
            start_if_actionable(context, run_request)

    each(context.ports.store, "due-runs", pairs, start, lambda pair: f"{pair[0].name} on {pair[1].id}")
