"""A person's override: until when node images of the cluster are skipped."""

from datetime import datetime

from ops.facts import FactQuery
from ops.tables.overrides import override_end

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> datetime | None:
    """Returns the end of the override, or None."""
    return override_end(question.ports.store, "skip", question.run.target)
