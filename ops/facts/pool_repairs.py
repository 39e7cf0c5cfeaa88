"""When Daytwo has already upgraded a failed pool of the cluster because Azure asked for it."""

from collections.abc import Mapping
from datetime import datetime

from ops.facts import FactQuery
from ops.tables.pool_repairs import repairs_of

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Mapping[str, datetime]:
    """Returns the time of the attempt by pool."""
    return repairs_of(question.ports.store, question.run.target)
