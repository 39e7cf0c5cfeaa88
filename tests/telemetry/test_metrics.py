"""The measurements made during a run, and how OpenTelemetry receives them."""

from typing import NoReturn

import pytest
from opentelemetry.metrics import NoOpMeter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader, MetricsData, NumberDataPoint

from ops.adapters.otel_metrics import OpenTelemetryMetrics, open_telemetry
from ops.approvals.notifications import update_requests
from ops.messaging.outbox import flush_outbox
from ops.telemetry.metrics import Kind, Metric, NoMetrics
from tests.driving import call
from tests.engine.worlds import upgrade, world_in_window


def test_a_run_records_its_decisions_its_steps_and_how_outdated_its_cluster_is() -> None:
    world = world_in_window()
    upgrade(world)
    decisions = [each.attributes["decision"] for each in world.metrics.of(Metric.DECISIONS)]
    assert decisions == ["act", "nothing"]
    (step,) = world.metrics.of(Metric.STEP_DURATION)
    assert step.attributes == {"verb": "upgrade-node-image", "runbook": "node-image", "result": "done"}
    assert step.value > 0
    assert [each.value for each in world.metrics.of(Metric.DAYS_BEHIND)] == [7, 0]


def test_failures_of_an_external_system_are_counted_by_error() -> None:
    world = world_in_window()
    assert call(world, "assess", {"run": "node-image.unknown"}) == "retry"
    (failure,) = world.metrics.of(Metric.FAILURES)
    assert failure.attributes == {"activity": "assess", "error": "NotFoundError"}


def test_a_tick_records_the_depth_of_its_backlogs() -> None:
    world = world_in_window()
    flush_outbox(world.context.ports)
    update_requests(world.context)
    assert [each.value for each in world.metrics.of(Metric.OUTBOX_DEPTH)] == [0]
    assert [each.value for each in world.metrics.of(Metric.APPROVALS_WAITING)] == [0]


def test_open_telemetry_receives_each_metric_with_its_kind_and_unit() -> None:
    reader = InMemoryMetricReader()
    metrics = OpenTelemetryMetrics(MeterProvider([reader]).get_meter("daytwo"))
    for metric in Metric:
        metrics.record(metric, 2, ring="production")
        metrics.record(metric, 3, ring="production")
    collected = reader.get_metrics_data()
    assert isinstance(collected, MetricsData)
    found = {
        each.name: (each.unit, each.data.data_points[0])
        for resource in collected.resource_metrics
        for scope in resource.scope_metrics
        for each in scope.metrics
    }
    assert set(found) == {metric.metric_name for metric in Metric}
    for metric in Metric:
        unit, point = found[metric.metric_name]
        assert (unit, dict(point.attributes or {})) == (metric.unit, {"ring": "production"})
        match point:
            case HistogramDataPoint():
                assert (metric.kind, point.count, point.sum) == (Kind.HISTOGRAM, 2, 5)
            case NumberDataPoint():
                assert point.value == {Kind.COUNTER: 5, Kind.GAUGE: 3}[metric.kind]
            case _:
                raise AssertionError(f"{metric} has an unknown kind: {point}")


def test_the_hosts_provider_receives_the_measurements_if_there_is_no_connection_string() -> None:
    open_telemetry({}).record(Metric.OUTBOX_DEPTH, 1)


def test_an_exporter_that_cannot_be_set_up_does_not_stop_the_bot(caplog: pytest.LogCaptureFixture) -> None:
    metrics = open_telemetry({"APPLICATIONINSIGHTS_CONNECTION_STRING": "not a connection string"})
    metrics.record(Metric.OUTBOX_DEPTH, 1)
    assert isinstance(metrics, NoMetrics)
    assert "metrics cannot be set up" in caplog.text


def test_a_failing_measurement_is_logged_once_and_does_not_raise_an_error(caplog: pytest.LogCaptureFixture) -> None:
    class BrokenMeter(NoOpMeter):
        def create_gauge(self, name: str, *_: object, **__: object) -> NoReturn:
            raise ValueError(name)

    metrics = OpenTelemetryMetrics(BrokenMeter("daytwo"))
    metrics.record(Metric.OUTBOX_DEPTH, 1)
    metrics.record(Metric.OUTBOX_DEPTH, 2)
    assert [record.getMessage()[:26] for record in caplog.records] == ["metrics cannot be recorded"]
