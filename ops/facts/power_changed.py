"""When Daytwo last started or stopped the cluster."""

from datetime import datetime

from ops.facts import FactQuery
from ops.tables.power import power_changed

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> datetime | None:
    """Returns the end of Daytwo's last power operation on the cluster, or None."""
    return power_changed(question.ports.store, question.run.target)
