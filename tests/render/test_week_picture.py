"""The picture of the week as a PNG, drawn with the bundled fonts for clusters with any name."""

import struct
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.adapters.svg_to_png import PictureError, to_png
from ops.model.calendar import Span
from ops.render.timeline import Bar, Lane, Week
from ops.render.timeline_bars import bars_of
from ops.render.week_picture import picture, words
from tests.driving import start, world_with
from tests.fakes import CONFIG, NEW, cluster, pool

MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
KINDS = ("node-image", "reboot", "power", "spot", "sleep", "aks", "failed")


def hours(start: float, end: float) -> Span:
    return Span(MONDAY + timedelta(hours=start), MONDAY + timedelta(hours=end))


def week(*lanes: Lane) -> Week:
    return Week(hours(0, 168), "UTC", MONDAY + timedelta(days=2), lanes)


SHOP = Lane(
    "shop-dev", (hours(22, 29),), (), (Bar(hours(22, 23), "node-image", "x"), Bar(hours(30, 31), "node-image", "x"))
)


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def texts(svg: str) -> list[str]:
    return [text.text or "" for text in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314 - our own picture


def test_the_picture_is_1200_pixels_wide_and_as_high_as_its_clusters_require() -> None:
    one, ten = (size(to_png(picture(week(*([SHOP] * count)), "Week 47"))) for count in (1, 10))
    assert (one[0], ten[0], ten[1] - one[1]) == (1200, 1200, 9 * 31)


def test_text_is_drawn_without_installed_fonts() -> None:
    blank, named = (to_png(picture(week(Lane(name, (), (), ())), "")) for name in (" ", "shop"))
    assert len(named) > len(blank) + 100


def test_the_legend_lists_exactly_the_marks_that_are_drawn() -> None:
    shown = texts(picture(week(SHOP), "Week 47"))
    assert shown[0] == "Week 47"
    assert shown[-3:] == ["window", "node images", "now"]


def test_the_remaining_clusters_in_a_large_fleet_are_counted() -> None:
    shown = texts(picture(week(*(Lane(f"c{number}", (), (), ()) for number in range(45))), "x"))
    assert ("c39" in shown, "c40" in shown, "and 5 more" in shown) == (True, False, True)


def test_the_alternative_text_has_the_same_content() -> None:
    assert words(week(SHOP)) == "Timeline of the week for 1 cluster: 2 node image upgrades"
    assert words(week()) == "Timeline of the week for 0 clusters: nothing was done"


def test_an_invalid_picture_is_rejected() -> None:
    with pytest.raises(PictureError):
        to_png("<svg")


ALL_OPERATIONS = st.builds(
    Lane,
    st.text(max_size=60),
    st.just((hours(1, 5),)),
    st.just(()),
    st.lists(st.builds(Bar, st.just(hours(3, 4)), st.sampled_from(KINDS), st.text(max_size=20)), max_size=3).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(ALL_OPERATIONS, max_size=4), st.text(max_size=120))
def test_the_picture_can_be_drawn_with_any_cluster_name(lanes: list[Lane], title: str) -> None:
    assert size(to_png(picture(week(*lanes), title), width=200))[0] == 200


def test_a_run_for_a_runbook_that_does_not_exist_in_this_version_is_not_drawn() -> None:
    world = world_with(cluster("shop-dev", pool(image=NEW)), CONFIG, MONDAY)
    run = start(world).record
    assert list(bars_of(replace(run, runbook="from-another-version"))) == []
