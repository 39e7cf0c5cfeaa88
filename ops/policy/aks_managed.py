"""Clusters that AKS upgrades by itself: observed, used as proof and reported, but never changed (docs/node-image.md, rule 2)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from ops.model.auto_provisioning import AutoProvisioning
from ops.model.decision import Decision, Nothing, Report, Wait
from ops.model.fleet import Cluster, Node, Pool, Unknown
from ops.model.image import NodeImage, short_name
from ops.model.plan import Skip
from ops.model.reasons import SkipReason, WaitReason
from ops.policy.auto_provisioning import unlisted_line, unlisted_pools
from ops.policy.cluster_notes import forced_upgrade_notes, unlisted_pools_notes
from ops.policy.pool_selection import carries, is_older_than, latest, nodes_checked, nodes_of

_LOOK_AGAIN = timedelta(hours=2)


class AksManagedFacts(Protocol):
    """The facts that this decision needs."""

    @property
    def newest_images(self) -> Mapping[str, str | Unknown]:
        """The newest image that Azure offers for each pool."""
        ...

    @property
    def nodes(self) -> tuple[Node, ...] | Unknown:
        """The nodes."""
        ...

    @property
    def auto_provisioning(self) -> AutoProvisioning | Unknown | None:
        """What node auto-provisioning says about its nodes."""
        ...

    @property
    def initial_images(self) -> Mapping[str, str]:
        """The image that each pool had when this run first read it."""
        ...


def decide_aks_managed(
    cluster: Cluster, facts: AksManagedFacts, max_image_age: timedelta, week_ends: datetime, now: datetime
) -> Decision:
    """Waits until AKS has upgraded every pool or the week ends, then reports what happened."""
    frozen = tuple(_frozen(cluster, facts, now))
    skips = (*_skips(cluster, facts), *frozen)
    behind = [pool for pool in cluster.pools if not _is_newest(pool, facts)]
    changed = [pool for pool in cluster.pools if facts.initial_images.get(pool.name, pool.image) != pool.image]
    bad_news = tuple(f"{skip.what}: {skip.why}" for skip in frozen)
    notes = forced_upgrade_notes(cluster, now)
    lines = (*notes, *(_line(pool, facts) for pool in changed), *bad_news, *_unlisted(cluster, facts))
    if not behind and not changed:
        return _nothing_behind(cluster, facts, skips, bad_news)
    if not behind:
        headline = f"AKS upgraded {len(changed)} of {len(cluster.pools)} pools"
        return Report(headline, lines, skips, ok=not frozen)
    named = ", ".join(pool.name for pool in behind)
    if now < week_ends - timedelta(minutes=1):
        until = min(now + _LOOK_AGAIN, week_ends - timedelta(minutes=1))
        return Wait(
            until,
            f"AKS upgrades this cluster; behind the newest image: {named}",
            WaitReason.AKS_MANAGED,
            skips=skips,
            lines=lines,
        )
    late = [pool for pool in behind if is_older_than(pool, max_image_age, now)]
    headline = f"AKS upgraded {len(changed)} of {len(cluster.pools)} pools; behind: {named}"
    more = tuple(_late(pool, max_image_age) for pool in late)
    return Report(headline, (*lines, *more), skips, ok=not late and not frozen)


def _skips(cluster: Cluster, facts: AksManagedFacts) -> tuple[Skip, ...]:
    """Leaves out the cluster's own pools, and the NodePools of node auto-provisioning."""
    why = "AKS upgrades it through its own channel"
    own = (Skip(pool.name, SkipReason.AKS_MANAGED, why) for pool in cluster.pools)
    nodes = () if isinstance(facts.nodes, Unknown) else facts.nodes
    pools = {name: of for name, of in unlisted_pools(cluster, nodes).items() if of[0].provisioner}
    lines = {name: unlisted_line(of, facts.auto_provisioning) for name, of in pools.items()}
    return (*own, *(Skip(name, SkipReason.AKS_MANAGED, line) for name, line in lines.items()))


def _frozen(cluster: Cluster, facts: AksManagedFacts, now: datetime) -> Iterator[Skip]:
    """Returns the pools that run the newest image, after which no newer one will come."""
    for pool in cluster.pools:
        newest = facts.newest_images.get(pool.name)
        image = NodeImage.parse(newest) if isinstance(newest, str) else None
        if image is not None and carries(pool, image, facts.nodes):
            skip = latest(pool, image, facts.nodes, now)
            if skip.code is SkipReason.NO_NEWER_IMAGE:
                yield skip


def _is_newest(pool: Pool, facts: AksManagedFacts) -> bool:
    newest = facts.newest_images.get(pool.name, Unknown("was not read"))
    image = None if isinstance(newest, Unknown) else NodeImage.parse(newest)
    return image is not None and carries(pool, image, facts.nodes)


def _line(pool: Pool, facts: AksManagedFacts) -> str:
    if isinstance(facts.nodes, Unknown):
        return f"{pool.name}: Azure reports {pool.image}; its nodes could not be read: {facts.nodes.why}"
    own = nodes_of(pool, facts.nodes)
    image = NodeImage.parse(pool.image)
    good = [node for node in own if image is not None and image.is_carried_as(node.image_label) and node.ready]
    short = short_name(pool.image)
    total = len(own) if isinstance(pool.count, Unknown) else max(pool.count, len(own))
    return f"{pool.name}: Azure reports {short}; {len(good)} of {total} nodes run it and are Ready, by their labels"


def _unlisted(cluster: Cluster, facts: AksManagedFacts) -> tuple[str, ...]:
    """Returns a line per pool that ARM does not list: managed system pools, node auto-provisioning."""
    nodes = () if isinstance(facts.nodes, Unknown) else facts.nodes
    pools = unlisted_pools(cluster, nodes)
    return tuple(f"{name}: {unlisted_line(own, facts.auto_provisioning)}" for name, own in pools.items())


def _late(pool: Pool, max_image_age: timedelta) -> str:
    if NodeImage.parse(pool.image) is None:
        return f"{pool.name}: the age of its image ({pool.image or 'not reported'}) is unknown: check it"
    return f"{pool.name} is more than {max_image_age.days} days behind: check its maintenance window"


def _nothing_behind(
    cluster: Cluster, facts: AksManagedFacts, skips: tuple[Skip, ...], bad_news: tuple[str, ...]
) -> Nothing:
    """Says what the statement is based on: which pools were compared, which nodes were checked, and what was not."""
    bad_news = (*unlisted_pools_notes(cluster), *bad_news)
    compared = [f"{pool.name}: {nodes_checked(pool, facts.nodes)}" for pool in cluster.pools]
    if not compared:
        why = "AKS upgrades this cluster; Azure lists no pools for it, so no image was compared"
        if isinstance(facts.nodes, Unknown):
            why += f", and its nodes were not checked: {facts.nodes.why}"
        return Nothing("; ".join((why, *bad_news, *_unlisted(cluster, facts))), skips)
    why = f"AKS upgrades this cluster; {cluster.listing} compared: all run the newest image ({'; '.join(compared)})"
    return Nothing("; ".join((why, *bad_news, *_unlisted(cluster, facts))), skips)
