"""Clusters that AKS upgrades by itself: observed, used as proof and reported, but never changed (docs/node-image.md, rule 2)."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol

from ops.model.decision import Decision, Nothing, Report, Wait
from ops.model.fleet import Cluster, Node, Pool, Unknown
from ops.model.image import NodeImage
from ops.model.plan import Skip
from ops.model.reasons import SkipReason, WaitReason
from ops.policy.pool_selection import carries

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
    def initial_images(self) -> Mapping[str, str]:
        """The image that each pool had when this run first read it."""
        ...


def decide_aks_managed(
    cluster: Cluster, facts: AksManagedFacts, max_image_age: timedelta, week_ends: datetime, now: datetime
) -> Decision:
    """Waits until AKS has upgraded every pool or the week ends, then reports what happened."""
    skips = tuple(
        Skip(name, SkipReason.AKS_MANAGED, "AKS upgrades it through its own channel") for name in _names(cluster, facts)
    )
    behind = [pool for pool in cluster.pools if not _is_newest(pool, facts)]
    changed = [pool for pool in cluster.pools if facts.initial_images.get(pool.name, pool.image) != pool.image]
    lines = (*(_line(pool, facts) for pool in changed), *_unlisted(cluster, facts))
    if not behind:
        if not changed:
            return Nothing("AKS upgrades this cluster, and every node runs the newest image", skips)
        return Report(f"AKS upgraded {len(changed)} of {len(cluster.pools)} pools", lines, skips)
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
    late = [pool.name for pool in behind if _age(pool, now) > max_image_age]
    headline = f"AKS upgraded {len(changed)} of {len(cluster.pools)} pools; behind: {named}"
    more = tuple(f"{name} is more than {max_image_age.days} days behind: check its maintenance window" for name in late)
    return Report(headline, (*lines, *more), skips, ok=not late)


def _names(cluster: Cluster, facts: AksManagedFacts) -> tuple[str, ...]:
    """The cluster's own pools, and the pools of node auto-provisioning that its nodes belong to."""
    nodes = () if isinstance(facts.nodes, Unknown) else facts.nodes
    return (*(pool.name for pool in cluster.pools), *sorted({node.provisioner for node in nodes if node.provisioner}))


def _is_newest(pool: Pool, facts: AksManagedFacts) -> bool:
    newest = facts.newest_images.get(pool.name, Unknown("was not read"))
    image = None if isinstance(newest, Unknown) else NodeImage.parse(newest)
    return image is not None and carries(pool, image, facts.nodes)


def _line(pool: Pool, facts: AksManagedFacts) -> str:
    if isinstance(facts.nodes, Unknown):
        return f"{pool.name}: Azure reports {pool.image}; its nodes could not be read: {facts.nodes.why}"
    own = [node for node in facts.nodes if node.pool == pool.name]
    image = NodeImage.parse(pool.image)
    good = [node for node in own if image is not None and image.is_carried_as(node.image_label) and node.ready]
    short = _short(pool.image)
    total = max(pool.count, len(own))
    return f"{pool.name}: Azure reports {short}; {len(good)} of {total} nodes run it and are Ready, by their labels"


def _unlisted(cluster: Cluster, facts: AksManagedFacts) -> tuple[str, ...]:
    """Returns a line per image for nodes of no pool that ARM lists: managed system pools, node auto-provisioning.

    This is the API server's word, for the cluster's own report only.
    """
    nodes = () if isinstance(facts.nodes, Unknown) else facts.nodes
    found = Counter(
        (node.provisioner or node.pool or "no pool", node.image_label)
        for node in nodes
        if cluster.pool(node.pool) is None
    )
    return tuple(
        f"{name}: {count} {'node' if count == 1 else 'nodes'} by node labels, not confirmed by ARM: {_short(label)}"
        for (name, label), count in sorted(found.items())
    )


def _short(label: str) -> str:
    image = NodeImage.parse(label)
    return image.short if image else label or "an unknown image"


def _age(pool: Pool, now: datetime) -> timedelta:
    image = NodeImage.parse(pool.image)
    return image.age(now) if image else timedelta()
