"""A person's override: until when the cluster is kept awake, regardless of its schedule."""

from datetime import datetime

from ops.facts import FactQuery
from ops.tables.overrides import override_end

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> datetime | None:
    """Returns when the override ends, or None if there is none."""
    return override_end(question.ports.store, "awake", question.run.target)
