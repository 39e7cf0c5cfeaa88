"""When Daytwo last started or stopped the cluster."""

from datetime import datetime

from ops.facts import Question
from ops.records import power_changes

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()


def gather(question: Question) -> datetime | None:
    """The end of the last power operation of ours, or None."""
    stored = power_changes(question.ports.store).get(question.run.target.replace("/", "|"))
    return stored.value.at if stored else None
