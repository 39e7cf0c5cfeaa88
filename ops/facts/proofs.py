"""The images that the previous ring has proven, from the store."""

from collections.abc import Mapping

from ops.facts import FactQuery
from ops.model.fleet import Unknown
from ops.model.proof import Proof
from ops.policy.rings import ring_before, ring_of
from ops.tables.fleet import proofs_of

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, Proof]:
    """Returns the previous ring's records by image key; empty for the first ring, where images do not need a proof."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return {}
    ring = ring_of(cluster, question.settings)
    before = ring_before(ring, question.settings) if ring else None
    if before is None:
        return {}
    return {str(proof.key): proof for proof in proofs_of(question.ports.store, before.name)}
