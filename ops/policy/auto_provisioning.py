"""What is said about nodes that ARM does not list: those of node auto-provisioning and of managed system pools.

All of this is the API server's word, for the cluster's own report only: it proves no image, and nothing is done with these nodes.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from ops.model.auto_provisioning import AutoProvisioning
from ops.model.fleet import Cluster, Node, Unknown
from ops.model.image import short_name
from ops.model.plan import Skip
from ops.model.reasons import SkipReason

MANAGED_SYSTEM = "managed system pool"
# Nodes of managed system pools run in a subscription of Microsoft; nothing else tells them apart in the API server.
_HOSTED = "aks-hostedpool-"
_NAMED = 3
_REPLACES = "node auto-provisioning replaces these nodes itself"
_SOURCE = "by node labels, not confirmed by ARM"


def unlisted_pools(cluster: Cluster, nodes: Sequence[Node]) -> Mapping[str, Sequence[Node]]:
    """Returns the nodes of no pool that ARM lists, by the name of what they belong to."""
    found: dict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        if cluster.pool(node.pool) is None:
            found[_belongs_to(node)].append(node)
    return dict(sorted(found.items()))


def unlisted_line(nodes: Sequence[Node], provisioning: AutoProvisioning | Unknown | None) -> str:
    """Describes the nodes of one of these pools: how many there are, what they run, and what becomes of them."""
    count = f"{len(nodes)} {'node' if len(nodes) == 1 else 'nodes'} {_SOURCE}"
    unready = sum(not node.ready for node in nodes)
    more = f"; {unready} not Ready" if unready else ""
    return f"{count}: {_images(nodes)}{more}{_plans(nodes, provisioning)}"


def provisioned_skips(
    cluster: Cluster, nodes: tuple[Node, ...] | Unknown, provisioning: AutoProvisioning | Unknown | None
) -> tuple[Skip, ...]:
    """Leaves out each NodePool of node auto-provisioning, which replaces its nodes itself."""
    pools = {} if isinstance(nodes, Unknown) else unlisted_pools(cluster, nodes)
    return tuple(
        Skip(name, SkipReason.NODE_AUTO_PROVISIONING, f"{_REPLACES}: {unlisted_line(own, provisioning)}")
        for name, own in pools.items()
        if own[0].provisioner
    )


def _belongs_to(node: Node) -> str:
    if node.provisioner:
        return node.provisioner
    return MANAGED_SYSTEM if node.name.startswith(_HOSTED) else node.pool or "no pool"


def _plans(nodes: Sequence[Node], provisioning: AutoProvisioning | Unknown | None) -> str:
    """Says what node auto-provisioning does with its nodes; empty for other nodes."""
    own = [node for node in nodes if node.provisioner]
    if not own:
        return "; AKS replaces them" if {_belongs_to(node) for node in nodes} == {MANAGED_SYSTEM} else ""
    match provisioning:
        case None:
            return "; its API server has no NodeClaims, so whether they are outdated is unknown"
        case Unknown(why):
            return f"; whether they are outdated is unknown: {why}"
        case AutoProvisioning():
            return "".join(f"; {text}" for text in _states(own, provisioning))


def _states(nodes: Sequence[Node], provisioning: AutoProvisioning) -> Sequence[str]:
    """Returns a text for each state that some of the nodes are in."""
    by_state: dict[str, list[str]] = defaultdict(list)
    for node in nodes:
        by_state[_state(node, provisioning)].append(node.name)
    return [f"{len(names)} {state}{_names(state, names)}" for state, names in sorted(by_state.items())]


def _state(node: Node, provisioning: AutoProvisioning) -> str:
    """Compares the image of a node's NodeClaim with those that its AKSNodeClass gives to new nodes."""
    claim = next((each for each in provisioning.claims if each.node == node.name), None)
    if claim is None:
        return "not compared: no NodeClaim names it"
    if claim.drift:
        return f"being replaced ({claim.drift})"
    of_class = [each.images for each in provisioning.classes if each.name == claim.node_class]
    images = [image.casefold() for each in of_class for image in each]
    if not claim.image or not images:
        return "not compared: its NodeClaim or AKSNodeClass reports no image"
    return _CURRENT if claim.image.casefold() in images else "outdated, and waiting for the maintenance window"


_CURRENT = "as new nodes would be"


def _names(state: str, names: Sequence[str]) -> str:
    if state == _CURRENT:
        return ""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f": {', '.join(sorted(names)[:_NAMED])}{more}"


def _images(nodes: Sequence[Node]) -> str:
    """Names the images, and how many nodes run each if there are several."""
    counted = Counter(short_name(node.image_label) for node in nodes)
    if len(counted) == 1:
        return next(iter(counted))
    return ", ".join(f"{number} with {image}" for image, number in sorted(counted.items()))
