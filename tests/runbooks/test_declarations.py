"""What each runbook declares, and the defaults of the contract."""

from dataclasses import dataclass
from pathlib import Path

import pytest

import ops.runbooks
from ops.runbooks import runbooks
from ops.runbooks.contract import RunbookDefaults, TimelineBar
from tests.fakes import MONDAY, cluster, settings


@dataclass(frozen=True)
class Declared:
    """The title, the unit of progress, the rank, and what else is not the default."""

    title: str
    unit: str
    rank: int
    others: dict[str, object]


FOLDER = Path(ops.runbooks.__file__).parent
FLAGS = ("about_event", "waits_for_started_cluster", "woken_by_pool_events", "confirms_plan", "step_prefix")
EXPECTED = {
    "budget": Declared("Budget", "steps", 20, {"about_event": True}),
    "node-image": Declared("Node images", "pools", 40, {"woken_by_pool_events": True, "step_prefix": "pool."}),
    "power": Declared("Power", "steps", 30, {"waits_for_started_cluster": True}),
    "reboot": Declared("Reboots", "nodes", 50, {}),
    "spot": Declared("Spot evictions", "nodes", 0, {"about_event": True}),
    "tags": Declared("Tags", "steps", 70, {"confirms_plan": True}),
}


def test_every_runbook_is_found_by_its_name_in_the_order_of_the_names() -> None:
    """A runbook that is added (docs/adding/runbook.md) needs no change here: its file is named after it."""
    files = [path for path in FOLDER.glob("*.py") if "\nRUNBOOK = " in path.read_text()]
    names = sorted(path.stem.replace("_", "-") for path in files)
    assert list(runbooks()) == names
    assert [runbook.name for runbook in runbooks().values()] == names
    assert EXPECTED.keys() <= set(names)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_runbook_declares_its_title_unit_rank_and_flags(name: str) -> None:
    runbook, expected = runbooks()[name], EXPECTED[name]
    assert (runbook.title, runbook.unit, runbook.rank) == (expected.title, expected.unit, expected.rank)
    defaults = {flag: getattr(RunbookDefaults, flag) for flag in FLAGS}
    assert {flag: getattr(runbook, flag) for flag in FLAGS} == {**defaults, **expected.others}


def test_a_runbook_that_declares_nothing_waits_for_nothing_and_starts_nothing() -> None:
    plain = RunbookDefaults()
    assert [getattr(plain, flag) for flag in FLAGS] == [False, False, False, False, ""]
    assert (plain.section, plain.bar) == (None, None)
    assert (plain.due([cluster()], settings(), MONDAY), plain.openings(settings())) == ((), ())
    assert plain.rollout([cluster()], settings(), MONDAY) is None
    assert plain.ring(cluster(), settings()) == "pre-production"
    assert (plain.proof_policy(settings()), plain.days_behind(object())) == (None, None)


def test_a_bar_is_drawn_per_step_and_not_counted_unless_it_says_so() -> None:
    plain = TimelineBar("kind", "label", "#fff", "#000")
    assert (plain.counted_as, plain.whole_run) == ("", False)


@pytest.mark.parametrize(
    ("name", "label", "counted_as", "whole_run"),
    [
        ("node-image", "node images", "node image upgrade", False),
        ("power", "started or stopped", "", False),
        ("reboot", "reboot", "reboot", False),
        ("spot", "spot evictions", "spot eviction", True),
    ],
)
def test_the_picture_of_the_week_names_and_counts_the_bars(
    name: str, label: str, counted_as: str, *, whole_run: bool
) -> None:
    bar = runbooks()[name].bar
    assert bar is not None
    assert (bar.kind, bar.label, bar.counted_as, bar.whole_run) == (name, label, counted_as, whole_run)
    assert all(len(color) == 7 and color.startswith("#") for color in (bar.light, bar.dark))
    assert bar.light != bar.dark
