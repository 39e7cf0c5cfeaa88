"""A person's override: until when node image upgrades on the cluster are skipped."""

from datetime import datetime

from ops.facts import FactQuery
from ops.tables.overrides import override_end

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> datetime | None:
    """Returns when the override ends, or None if there is none."""
    return override_end(question.ports.store, "skip", question.run.target)
