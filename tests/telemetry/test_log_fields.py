"""Every log record names the run, the cluster, and the runbook that it belongs to."""

import logging

import pytest

from ops.ports.errors import TryLaterError
from ops.telemetry.log_fields import FIELDS, fresh_log_fields, install_log_fields, set_log_fields
from tests.engine.worlds import upgrade, world_in_window

_LOG = logging.getLogger("ops.test")


def fields(record: logging.LogRecord) -> tuple[str, ...]:
    return tuple(getattr(record, name) for name in FIELDS)


def test_a_record_outside_a_run_has_empty_fields(caplog: pytest.LogCaptureFixture) -> None:
    install_log_fields()
    install_log_fields()
    _LOG.warning("a timer fired")
    assert fields(caplog.records[-1]) == ("", "", "")


def test_fields_are_cleared_at_the_end_of_their_scope(caplog: pytest.LogCaptureFixture) -> None:
    install_log_fields()
    with fresh_log_fields():
        set_log_fields(run="r", cluster="shop-dev", runbook="reboot")
        _LOG.warning("inside")
    _LOG.warning("outside")
    assert [fields(record) for record in caplog.records] == [("r", "shop-dev", "reboot"), ("", "", "")]


def test_log_records_from_an_activity_carry_its_run(caplog: pytest.LogCaptureFixture) -> None:
    install_log_fields()
    world = world_in_window()
    world.events.refuse = TryLaterError("the topic does not answer")
    run = upgrade(world).record
    (published,) = [record for record in caplog.records if "published" in record.getMessage()]
    assert fields(published) == (run.id, "shop-dev", "node-image")
