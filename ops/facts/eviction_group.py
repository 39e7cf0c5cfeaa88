"""The evictions that belong to this run: by node, when each was first seen."""

from collections.abc import Mapping
from datetime import datetime

from ops.facts import FactQuery
from ops.tables.base import store_key
from ops.tables.evictions import evictions

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, datetime]:
    """By node; empty if no eviction group belongs to the run."""
    seen = evictions(question.ports.store).scan(store_key(question.run.target))
    return {stored.value.node: stored.value.first_seen for stored in seen if stored.value.run == question.run.id}
