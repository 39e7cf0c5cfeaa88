"""The metrics, and the recorder that discards them.

Activities, timers and endpoints record metrics. Orchestrators never do, since a replay would count everything again; an
import contract enforces this.
"""

from enum import Enum
from typing import Protocol


class Kind(Enum):
    """How a metric's values are aggregated."""

    COUNTER = "counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class Metric(Enum):
    """A metric: its OpenTelemetry name, kind, unit and meaning.

    The description names the attributes with which a metric is recorded.
    """

    DECISIONS = (
        "daytwo.decisions",
        Kind.COUNTER,
        "{decision}",
        "Decisions of runbooks, by `runbook`, `decision` (nothing, report, wait, act) and `code`.",
    )
    STEP_DURATION = (
        "daytwo.step.duration",
        Kind.HISTOGRAM,
        "s",
        "Time from the first call of a step to its verified end or its failure, by `verb`, `runbook` and `result`.",
    )
    FAILURES = (
        "daytwo.failures",
        Kind.COUNTER,
        "{failure}",
        "Failed steps by `code`, and failed calls to external systems by `error`; both by `activity`.",
    )
    OUTBOX_DEPTH = (
        "daytwo.outbox.depth",
        Kind.GAUGE,
        "{message}",
        "Messages that are waiting for a chat to accept them.",
    )
    DAYS_BEHIND = (
        "daytwo.node_image.days_behind",
        Kind.GAUGE,
        "d",
        "Age difference between a cluster's oldest node image and the newest one offered, by `ring` and `cluster`.",
    )
    APPROVALS_WAITING = (
        "daytwo.approvals.waiting",
        Kind.GAUGE,
        "{request}",
        "Requests for approval that no one has decided yet.",
    )
    TICK_DURATION = ("daytwo.tick.duration", Kind.HISTOGRAM, "s", "Duration of one run of a timer, by `timer`.")

    def __init__(self, metric_name: str, kind: Kind, unit: str, description: str) -> None:
        self.metric_name, self.kind, self.unit, self.description = metric_name, kind, unit, description


class Metrics(Protocol):
    """Records measurements."""

    def record(self, metric: Metric, value: float = 1, **attributes: str) -> None:
        """Records one measurement: added to a counter, put into a histogram, or set as the current value of a gauge. Never raises."""
        ...


class NoMetrics:
    """Discards all measurements: the default."""

    def record(self, metric: Metric, value: float = 1, **attributes: str) -> None:
        """Discards the measurement."""
