"""When Daytwo last started or stopped the cluster."""

from datetime import datetime

from ops.facts import FactQuery
from ops.tables.power import power_changed

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> datetime | None:
    """Returns when Daytwo's last power operation on the cluster ended, or None if there was none."""
    return power_changed(question.ports.store, question.run.target)
