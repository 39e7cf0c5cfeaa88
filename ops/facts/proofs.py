"""What the ring right before the cluster's has proven, from the store."""

from collections.abc import Mapping

from ops.facts import FactQuery
from ops.model.fleet import Unknown
from ops.model.proof import Proof
from ops.policy.rings import ring_before, ring_of
from ops.tables.fleet import proofs_of

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, Proof]:
    """By image key, the record of the ring before; empty for the first ring, which needs none."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return {}
    ring = ring_of(cluster, question.settings)
    before = ring_before(ring, question.settings) if ring else None
    if before is None:
        return {}
    return {str(proof.key): proof for proof in proofs_of(question.ports.store, before.name)}
