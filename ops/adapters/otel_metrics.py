"""Metrics through OpenTelemetry, switched on by the app setting DAYTWO_METRICS=opentelemetry.

The measurements go to the process's meter provider. If Application Insights is configured and the package's extra `telemetry`
is installed, this module sets up a provider that exports there; otherwise the provider of the host receives them.
"""

import logging
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ops.telemetry.metrics import Kind, Metric, Metrics, NoMetrics

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

_LOG = logging.getLogger(__name__)
_EXPORT_EVERY_MS = 60_000


class OpenTelemetryMetrics:
    """Implements `Metrics`."""

    def __init__(self, meter: "Meter") -> None:
        self._has_failed = False
        self._instrument = cache(lambda metric: _instrument(meter, metric))

    def record(self, metric: Metric, value: float = 1, **attributes: str) -> None:
        """Records one measurement with the instrument of the metric's kind. The first failure is logged; failures never raise."""
        try:
            self._measure(metric, value, attributes)
        except Exception:  # noqa: BLE001 - instruments call exporters of other vendors, whose errors have no common class; a measurement must never fail a run. The first is logged with its traceback
            if not self._has_failed:
                _LOG.exception("metrics cannot be recorded; this is logged once, and Daytwo continues without them")
            self._has_failed = True

    def _measure(self, metric: Metric, value: float, attributes: Mapping[str, str]) -> None:
        instrument = self._instrument(metric)
        match metric.kind:
            case Kind.COUNTER:
                instrument.add(value, attributes)
            case Kind.HISTOGRAM:
                instrument.record(value, attributes)
            case Kind.GAUGE:
                instrument.set(value, attributes)


def open_telemetry(environment: Mapping[str, str]) -> Metrics:
    """Returns metrics that go to Application Insights if its connection string is set, otherwise to the host's provider.

    If the exporter cannot be set up, nothing is measured and the cause is logged: a typo in the connection string must not
    stop operations.
    """
    try:
        from opentelemetry import metrics

        connection = environment.get("APPLICATIONINSIGHTS_CONNECTION_STRING", "")
        if connection:
            _export_to_application_insights(connection)
        return OpenTelemetryMetrics(metrics.get_meter("daytwo"))
    except Exception:  # noqa: BLE001 - setup runs code of other vendors, whose errors have no common class; it must not stop operations. It is logged with its traceback
        _LOG.exception("DAYTWO_METRICS is set, but metrics cannot be set up; Daytwo continues without them")
        return NoMetrics()


def _export_to_application_insights(connection: str) -> None:
    from opentelemetry import metrics

    try:
        from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
    except ImportError:
        _LOG.warning(
            "DAYTWO_METRICS is set, but the exporter is not installed: build the package with `--telemetry` to send "
            "metrics to Application Insights"
        )
        return
    exporter = AzureMonitorMetricExporter(connection_string=connection)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=_EXPORT_EVERY_MS)
    metrics.set_meter_provider(MeterProvider([reader]))


def _instrument(meter: "Meter", metric: Metric) -> Any:
    match metric.kind:
        case Kind.COUNTER:
            return meter.create_counter(metric.metric_name, metric.unit, metric.description)
        case Kind.HISTOGRAM:
            return meter.create_histogram(metric.metric_name, metric.unit, metric.description)
        case Kind.GAUGE:
            return meter.create_gauge(metric.metric_name, metric.unit, metric.description)
