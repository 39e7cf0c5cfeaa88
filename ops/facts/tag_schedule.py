"""The schedule in the cluster's own tag, interpreted in the time zone of the schedule that selects the cluster."""

from ops.facts import FactQuery
from ops.model.calendar import Window
from ops.model.fleet import Unknown
from ops.policy.power import schedule_of, tag_of
from ops.settings.readers import parse_awake

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: FactQuery) -> Window | str | None:
    """Returns the tag's window, or the reason why it cannot be read; None if there is no tag."""
    cluster = question.cluster
    if isinstance(cluster, Unknown):
        return None
    text = tag_of(cluster.tags)
    if text is None:
        return None
    schedule = schedule_of(cluster, question.settings)
    zone = schedule.awake.zone if schedule is not None and schedule.awake is not None else "UTC"
    return parse_awake(text, zone)
