"""Decides what would happen now, without executing it, for `plan` and `why`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from ops.context import Context
from ops.engine.activities.assess import decide_now
from ops.facts.fleet_membership import read_membership
from ops.facts.newest_images import newest_images
from ops.model.decision import Act, Decision, Nothing, Report, Wait
from ops.model.fleet import Cluster, Driver, Pool, Unknown
from ops.model.image import NodeImage, days_between
from ops.model.plan import Skip
from ops.model.run import Run
from ops.model.run_request import RunRequest
from ops.policy.approvers import rule_for
from ops.policy.auto_provisioning import unlisted_line, unlisted_pools
from ops.policy.cluster_notes import cluster_notes
from ops.policy.rings import ring_name
from ops.runbooks import runbooks
from ops.runbooks.contract import Runbook
from ops.settings import Settings


@dataclass(frozen=True, slots=True)
class PoolPreview:
    """One pool: its image, the newest image, who upgrades it, and what happens next. `behind_days` is None if unknown.

    `pool` is empty for a cluster for which Azure lists no pools. `notes` are about the whole cluster (`cluster_notes`).
    """

    cluster: str
    region: str
    ring: str
    pool: str
    driver: str
    image: str
    newest: str
    behind_days: int | None
    next: str
    at: datetime | None
    notes: tuple[str, ...] = ()

    @property
    def is_behind(self) -> bool:
        """Whether a newer image is known. An image whose name cannot be read, like those of before 2020, is older than it."""
        return bool(self.behind_days) or self._has_unknown_age

    @property
    def behind(self) -> str:
        """How far it is behind, in words."""
        if self.behind_days is not None:
            return f"{self.behind_days} d"
        return "age unknown" if self._has_unknown_age else "?"

    @property
    def _has_unknown_age(self) -> bool:
        return bool(self.image) and NodeImage.parse(self.image) is None and NodeImage.parse(self.newest) is not None


def preview_pools(
    context: Context, settings: Settings | None, fleet: Sequence[Cluster], now: datetime
) -> tuple[PoolPreview, ...]:
    """Returns every pool of the fleet. Without settings, only Azure is read, and the preview says that Daytwo would do nothing."""
    previews: list[PoolPreview] = []
    book = _pool_runbook()
    is_on = settings is not None and book.section is not None and settings.get(book.section) is not None
    for cluster in sorted(fleet, key=lambda cluster: cluster.name):
        run = preview_run(cluster, now, book.name)
        newest = newest_images(context.ports.clusters, cluster)
        name = ring_name(cluster, settings) if settings else ""
        decision, gathered = decide_now(context, run, settings, now) if settings and is_on else (None, None)
        membership = read_membership(context.ports.fleets, cluster.id, now)
        notes = cluster_notes(cluster, membership, now)
        unlisted = tuple(_unlisted(cluster, gathered))
        if not cluster.pools and not unlisted:
            previews.append(_without_pools(cluster, name, decision, notes))
        for pool in cluster.pools:
            asked = approvers_of(settings, cluster, book.name, decision) if settings and decision else ""
            following, at = _next(cluster, pool, decision, (now, asked))
            image = newest.get(pool.name, Unknown("was not read"))
            known = "unknown" if isinstance(image, Unknown) else image
            behind = days_between(pool.image, known)
            driver = str(cluster.driver)
            previews.append(
                PoolPreview(
                    cluster.name,
                    cluster.region,
                    name,
                    pool.name,
                    driver,
                    pool.image,
                    known,
                    behind,
                    following,
                    at,
                    notes,
                )
            )
        previews += [
            PoolPreview(cluster.name, cluster.region, name, pool_name, "aks", "", "unknown", None, line, None, notes)
            for pool_name, line in unlisted
        ]
    return tuple(previews)


def _without_pools(cluster: Cluster, ring: str, decision: Decision | None, notes: tuple[str, ...]) -> PoolPreview:
    following = decision.why if isinstance(decision, Nothing | Wait) else "Azure lists no pools for this cluster"
    return PoolPreview(
        cluster.name, cluster.region, ring, "", str(cluster.driver), "", "unknown", None, following, None, notes
    )


def behind_counted(pools: Sequence[PoolPreview]) -> str:
    """Says how many of the pools are behind, and how many could not be compared."""
    compared = [pool for pool in pools if pool.behind_days is not None or pool.is_behind]
    rest = len(pools) - len(compared)
    more = f"; {rest} could not be compared" if rest else ""
    return f"{sum(pool.is_behind for pool in compared)} of {len(compared)} pools are behind{more}"


def approvers_of(settings: Settings, cluster: Cluster, runbook: str, decision: Decision) -> str:
    """Returns the approvers that a decision would need, as named in the configuration; empty if it needs no approval."""
    if not isinstance(decision, Act):
        return ""
    rule = rule_for(settings, runbook, runbooks()[runbook].ring(cluster, settings), decision.plan.risk)
    return (rule.label or "an empty list") if rule else ""


def _pool_runbook() -> Runbook:
    """Returns the runbook whose runs process pools."""
    return next(book for book in runbooks().values() if book.unit == "pools")


def preview_run(cluster: Cluster, now: datetime, runbook: str) -> Run:
    """Returns a run that exists only for the preview and is never recorded."""
    run_request = RunRequest(runbook, cluster.id, cluster.name, f"preview-{now:%Y%m%dt%H%M%S}", now, "cli", "preview")
    return Run(
        run_request.run_id, run_request.runbook, cluster.id, cluster.name, run_request.period, now, "cli", "preview"
    )


def _next(
    cluster: Cluster, pool: Pool, decision: Decision | None, by: tuple[datetime, str]
) -> tuple[str, datetime | None]:
    now, approvers = by
    match decision:
        case None if cluster.driver is Driver.AKS:
            return f"AKS upgrades it ({cluster.node_os_channel or 'Automatic'} channel)", None
        case None:
            return "not upgraded: no configuration puts the cluster in a ring", None
        case Act(plan):
            if any(step.params.get("pool") == pool.name for step in plan.steps):
                asks = f"Daytwo would ask {approvers} for approval now, then upgrade it"
                return (asks if approvers else "Daytwo would upgrade it now"), now
            return _skip_of(decision.plan.skips, pool) or "waiting for its turn", None
        case Wait(until, why):
            return _skip_of(decision.skips, pool) or why, until
        case Nothing(why):
            return _skip_of(decision.skips, pool) or why, None
        case Report(headline):
            return headline, None


def _unlisted(cluster: Cluster, gathered: object) -> Iterator[tuple[str, str]]:
    """Returns name and description of each pool that only the API server knows."""
    nodes, provisioning = getattr(gathered, "nodes", ()), getattr(gathered, "auto_provisioning", None)
    if isinstance(nodes, tuple):
        for name, own in unlisted_pools(cluster, nodes).items():
            yield name, unlisted_line(own, provisioning)


def _skip_of(skips: Sequence[Skip], pool: Pool) -> str:
    return next((skip.why for skip in skips if skip.what == pool.name), "")
