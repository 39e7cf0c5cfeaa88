"""The evictions that belong to this run: for each node, its pool, and when it was evicted."""

from collections.abc import Mapping

from ops.facts import FactQuery
from ops.model.workload import Eviction
from ops.tables.base import store_key
from ops.tables.evictions import evictions

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, Eviction]:
    """Returns the evictions by node, the latest of each; empty if no eviction group belongs to the run."""
    seen = evictions(question.ports.store).scan(store_key(question.run.target))
    own = sorted((stored.value for stored in seen if stored.value.run == question.run.id), key=lambda each: each.at)
    return {eviction.node: eviction for eviction in own}
