"""A ring with sixty clusters: exceptions are named, the others are counted, and the message fits in each chat."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.chats.slack.renderer import render
from ops.model.approval import Approval, Part, PartState
from ops.model.message import Message, Row
from ops.model.plan import Plan, Step
from ops.model.run import RingTargets, Rollout, RolloutPlan, RunSummary, State
from ops.render.approval import approval_message
from ops.render.phrases import listed
from ops.render.run import rollout_message
from simulator.slack.blocks import fault_of

AT = datetime(2026, 11, 16, 12, tzinfo=UTC)


def part(number: int, *pools: str, **more: Any) -> Part:
    steps = tuple(Step(f"pool.{pool}", "upgrade-node-image", pool, {}, 60) for pool in pools)
    warnings = more.pop("warnings", ())
    reason = f"AKSUbuntu-2204gen2containerd-202610.29.0 → 202611.12.0: {', '.join(pools)}"
    plan = Plan("node-image", f"/{number}", steps, reasons=(reason,), warnings=warnings, nodes=3, risk="surge")
    return replace(Part(f"run-{number}", f"/{number}", f"shop-{number:02}", plan), **more)


def request(parts: Sequence[Part]) -> Message:
    approval = Approval("a1", "node-image", "production", tuple(parts), AT, AT, AT, AT, token="token-1")
    return approval_message(approval, "Node images", (), "")


def ordinary(first: int, last: int) -> list[Part]:
    return [part(number, *("system", "user1")[: 1 + number % 2]) for number in range(first, last)]


def text_of(message: Message) -> str:
    blocks = cast("list[dict[str, Any]]", render(message)["blocks"])
    assert fault_of(blocks) is None
    return "\n".join(block["text"]["text"] for block in blocks if block["type"] == "section").replace("\u200b", "")


def test_exceptions_among_sixty_clusters_are_named_first_and_the_others_are_grouped_by_plan() -> None:
    odd = [
        part(57, "system", warnings=("batch is a spot pool: its nodes are not drained",)),
        part(58, "system", why="user1: image 202611.12.0, not 202611.05.0"),
        part(59, "system", state=PartState.CANCELLED, why="cancelled by ben"),
        part(60, "system", state=PartState.SUPERSEDED, why="its cluster is now in canary, no longer in production"),
    ]
    rows = request([*ordinary(1, 57), *odd]).rows
    assert [row.name for row in rows] == [
        "shop-57",
        "mind, shop-57",
        "shop-58",
        "shop-59",
        "shop-60",
        "28 clusters",
        "28 clusters",
    ]
    assert rows[3].text == "cancelled by ben"
    assert rows[5].text == (
        "84 nodes · AKSUbuntu-2204gen2containerd-202610.29.0 → 202611.12.0: system, user1, in this order · "
        + ", ".join(f"shop-{number:02}" for number in range(1, 42, 2))
        + " and 7 more"
    )


def test_twelve_clusters_each_have_a_row_with_their_steps_in_order() -> None:
    rows = request(ordinary(1, 13)).rows
    assert [row.name for row in rows] == [f"shop-{number:02}" for number in range(1, 13)]
    assert rows[0].text.endswith("202611.12.0: system, user1, in this order")
    assert rows[1].text.endswith("202611.12.0: system")


def test_thirteen_clusters_are_grouped_by_their_plans() -> None:
    assert [row.name for row in request(ordinary(1, 14)).rows] == ["7 clusters", "6 clusters"]


def test_clusters_with_different_plans_are_counted_after_the_first_twelve() -> None:
    rows = request([part(number, f"pool{number}") for number in range(1, 61)]).rows
    assert len(rows) == 13
    assert (rows[-1].name, rows[-1].text.startswith("144 nodes · each with its own plan · shop-13, ")) == (
        "48 clusters",
        True,
    )


def test_thirty_exceptions_are_all_named_in_slack() -> None:
    """Rows are spread over several Slack blocks. In a single block, the last rows could only be counted."""
    odd = [part(number, "system", why=f"user1: image 202611.12.0, not 202610.{number}.0") for number in range(1, 31)]
    text = text_of(request([*ordinary(31, 61), *odd]))
    assert [f"shop-{number:02}" for number in range(1, 31) if f"*shop-{number:02}*" not in text] == []
    assert "*15 clusters*" in text


def summaries(states: dict[int, tuple[State, str, str]]) -> dict[str, RunSummary]:
    return {
        f"t{number}": RunSummary(f"r{number}", f"t{number}", f"shop-{number:02}", state, acted=True, why=why, code=code)
        for number, (state, why, code) in states.items()
    }


def rollout(states: dict[int, tuple[State, str, str]]) -> Message:
    ring = RingTargets("production", tuple((f"t{number}", f"shop-{number:02}") for number in states), AT)
    plan = RolloutPlan("node-image", "2026-w47", (ring,), 2, AT)
    return rollout_message(Rollout("rollout.1", plan, AT, State.RUNNING, 1), summaries(states), "Node images")


def test_a_rollout_names_failed_waiting_and_skipped_clusters() -> None:
    states: dict[int, tuple[State, str, str]] = dict.fromkeys(range(1, 61), (State.DONE, "", ""))
    states |= dict.fromkeys(range(1, 11), (State.SKIPPED, "", "already-latest"))
    states |= dict.fromkeys(range(50, 61), (State.WAITING, "its turn comes", ""))
    states[7] = (State.FAILED, "user1: PDB shop/web allows no disruption", "failed")
    states[20] = (State.NEEDS_YOU, "waiting for approval by platform", "approval")
    states[21] = (State.NEEDS_YOU, "waiting for approval by platform", "approval")
    states[30] = (State.SKIPPED, "no one approved it", "not-approved")
    states[31] = (State.HALTED, "cancelled by ben", "")
    ring, *odd = rollout(states).rows
    assert ring.text == (
        "35 done, 11 waiting, 1 failed, 2 needs you, 1 halted, 10 skipped · 11 clusters: its turn comes"
    )
    assert [(row.name.strip(), row.text, row.state) for row in odd] == [
        ("shop-07", "user1: PDB shop/web allows no disruption", State.FAILED),
        ("shop-20, shop-21", "waiting for approval by platform", State.NEEDS_YOU),
        ("shop-31", "cancelled by ben", State.HALTED),
        ("shop-30", "no one approved it", State.SKIPPED),
    ]


def test_a_rollout_without_exceptions_has_one_row_per_ring() -> None:
    assert len(rollout(dict.fromkeys(range(1, 61), (State.DONE, "", ""))).rows) == 1


def test_sixty_failures_for_sixty_reasons_are_shown_as_thirty_names_and_a_number() -> None:
    rows = rollout({number: (State.FAILED, f"pdb-{number}", "failed") for number in range(1, 61)}).rows
    assert len(rows) == 32
    assert rows[-1].text == "and 30 more that need attention"


def rows_of(number: int, length: int) -> Message:
    rows = tuple(Row(f"shop-{each:02}", "x" * length, State.FAILED) for each in range(number))
    return Message("x", State.RUNNING, "Node images", "production", rows=rows)


@pytest.mark.parametrize(("number", "length", "shown"), [(50, 100, 50), (50, 140, 50), (60, 20, 50), (60, 300, 25)])
def test_a_slack_message_can_have_up_to_fifty_rows(number: int, length: int, shown: int) -> None:
    text = text_of(rows_of(number, length))
    assert text.count("✗") == shown
    assert (f"and {number - shown} more" in text) == (number > shown)


@given(st.lists(st.integers(0, 400), max_size=80), st.integers(0, 30), st.integers(0, 3_000))
def test_the_rows_fit_next_to_any_other_content(lengths: list[int], lines: int, remedy: int) -> None:
    plain = rows_of(0, 0)
    rows = tuple(Row("n", "&" * length, State.DONE) for length in lengths)
    message = replace(plain, rows=rows, lines=("y" * 300,) * lines, remedy="z" * remedy, footer="f" * 600)
    text = text_of(message)
    # The message's lines, which come before the rows, may be counted instead of named.
    hidden = [int(line.split()[1]) for line in text.splitlines() if _is_count(line)]
    assert text.count("*n*") + (hidden[-1] if hidden else 0) >= len(rows)


def _is_count(line: str) -> bool:
    return line.startswith("and ") and line.endswith(" more")


@pytest.mark.parametrize(
    ("names", "most", "expected"),
    [
        ((), 10, ""),
        (("a",), 0, "a"),
        (("a", "b", "c"), 6, "a, b and 1 more"),
        (("a", "b", "c"), 9, "a, b, c"),
    ],
)
def test_names_are_listed_up_to_the_limit(names: tuple[str, ...], most: int, expected: str) -> None:
    assert listed(names, most) == expected
