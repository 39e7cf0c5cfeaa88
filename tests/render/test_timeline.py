"""The picture of the week: the positions of bars and bands, and the escaping of external names."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

from ops.model.calendar import Span
from ops.render.timeline import Bar, Lane, Week, draw

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
WEEK = Span(MONDAY, MONDAY + timedelta(days=7))


def hours(start: float, end: float) -> Span:
    return Span(MONDAY + timedelta(hours=start), MONDAY + timedelta(hours=end))


def drawn(*lanes: Lane, now: datetime = MONDAY) -> ET.Element:
    return ET.fromstring(draw(Week(WEEK, "UTC", now, lanes)))  # noqa: S314 - our own picture


def boxes(picture: ET.Element, kind: str) -> list[tuple[float, float]]:
    return [(float(r.get("x", 0)), float(r.get("width", 0))) for r in picture.iter("rect") if r.get("class") == kind]


def test_midweek_is_in_the_middle_and_the_present_is_a_line() -> None:
    picture = drawn(now=MONDAY + timedelta(days=3.5))
    (now,) = [line for line in picture.iter("line") if line.get("class") == "now"]
    assert now.get("x1") == "558.0"  # Half of the width to the right of the names: 116 + 884 / 2.


def test_seven_days_are_labeled() -> None:
    heads = [text.text for text in drawn().iter("text") if text.get("class") == "head"]
    assert heads == ["Mon 16", "Tue 17", "Wed 18", "Thu 19", "Fri 20", "Sat 21", "Sun 22"]


def test_a_window_a_freeze_and_a_run_are_drawn_at_their_times() -> None:
    picture = drawn(
        Lane("shop", (hours(0, 84),), (hours(42, 84),), (Bar(hours(84, 168), "node-image", "user1: done"),))
    )
    assert boxes(picture, "window") == [(116.0, 442.0)]
    assert boxes(picture, "frozen") == [(337.0, 221.0)]
    assert boxes(picture, "bar node-image") == [(558.0, 442.0)]


def test_a_run_that_takes_minutes_is_visible_and_a_run_from_another_week_is_not() -> None:
    picture = drawn(Lane("shop", (), (), (Bar(hours(1, 1.01), "aks", "x"), Bar(hours(200, 201), "failed", "y"))))
    assert [width for _, width in boxes(picture, "bar aks")] == [3.0]
    assert boxes(picture, "bar failed") == []


def test_an_external_name_is_escaped() -> None:
    svg = str(draw(Week(WEEK, "UTC", MONDAY, (Lane("<b>&", (), (), (Bar(hours(1, 2), "node-image", '"><script>'),)),))))
    assert "&lt;b&gt;&amp;" in svg
    assert not re.search(r"<(b|script)>", svg)
