"""What a tick does beside its own work, and what cannot stop it."""

import logging

import pytest

from ops.intake.ticks import refresh_calendars


def test_calendars_that_break_stop_no_tick_and_their_address_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    def read() -> None:
        raise RuntimeError("https://intranet.example/freeze.ics?word=hunter2")

    with caplog.at_level(logging.INFO):
        refresh_calendars(read)
    assert caplog.messages == ["the calendars could not be read this time: RuntimeError"]
