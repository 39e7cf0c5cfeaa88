"""Metrics that a test can read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.telemetry.metrics import Metric


@dataclass(frozen=True)
class Measurement:
    """One measurement."""

    metric: Metric
    value: float
    attributes: Mapping[str, str]


@dataclass
class RecordedMetrics:
    """Implements `Metrics`: keeps every measurement in order."""

    measurements: list[Measurement] = field(default_factory=list)

    def record(self, metric: Metric, value: float = 1, **attributes: str) -> None:
        self.measurements.append(Measurement(metric, value, attributes))

    def of(self, metric: Metric) -> list[Measurement]:
        return [each for each in self.measurements if each.metric is metric]
