"""The schedule in the cluster's own tag, interpreted in the time zone of the schedule that selects the cluster."""

from ops.facts import FactQuery
from ops.model.calendar import Window
from ops.model.fleet import Unknown
from ops.policy.power import tag_window

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Window | str | None:
    """Returns the tag's window, or the reason why it cannot be read; None if there is no tag."""
    cluster = question.cluster
    return None if isinstance(cluster, Unknown) else tag_window(cluster, question.settings)
