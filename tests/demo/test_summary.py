"""The summary, both printed and as a file: it fits a terminal, its numbers add up, and it shows everything that went wrong."""

import io
from dataclasses import replace

from rich.console import Console

from simulator.demo.operations import Operation
from simulator.demo.summary import RequestSummary, Summary

GOOD = Summary(
    total=37,
    upgraded=26,
    by_aks=7,
    skipped={"no-ring": 2, "snapshot": 1, "unproven": 1},
    eligible=26,
    runs=36,
    messages_sent=37,
    messages_edited=235,
    virtual_days=7,
    wall_s=31.5,
    violations=(),
    differences=(),
    operations=(
        Operation("node-image", 11, 11, 0, 0, 11),
        Operation("power", 26, 22, 3, 1, 22),
    ),
    thread_replies=11,
    approvals=(
        RequestSummary("rollout.production.approval-1", "production", "approved", "ana", "slack"),
        RequestSummary("reboot.edge-prod.approval-1", "production", "expired", "", ""),
    ),
)
BAD = replace(
    GOOD,
    violations=("unproven: prod/system at 2026-11-17 12:00:00 UTC",),
    differences=("shop/user1: Daytwo says upgraded, the oracle busy",),
)


def printed(summary: Summary) -> list[str]:
    text = io.StringIO()
    summary.show(Console(width=80, no_color=True, file=text))
    return text.getvalue().splitlines()


def test_the_table_fits_80_columns() -> None:
    lines = printed(GOOD)
    assert len(lines) == 13
    assert max(len(line) for line in lines) <= 80
    assert lines[1].split()[:4] == ["upgraded", "by", "Daytwo", "26"]


def test_violations_and_differences_are_listed() -> None:
    assert not BAD.good
    assert "  unproven: prod/system at 2026-11-17 12:00:00 UTC" in printed(BAD)
    assert "  shop/user1: Daytwo says upgraded, the oracle busy" in printed(BAD)


def test_each_operation_has_a_row() -> None:
    lines = [" ".join(line.split()) for line in printed(GOOD)]
    assert "power 26 22 succeeded, 22 expected, 3 skipped, 1 failed" in lines


def test_a_week_with_an_unexpected_number_of_successes_does_not_count_as_good() -> None:
    assert not replace(GOOD, operations=(Operation("spot", 1, 0, 0, 1, 1),)).good
    assert not replace(GOOD, operations=(Operation("spot", 2, 2, 0, 0, 1),)).good
    assert replace(GOOD, operations=(Operation("spot", 2, 1, 1, 0, 1),)).good


def test_approvals_and_deciders_are_shown() -> None:
    lines = [" ".join(line.split()) for line in printed(GOOD)]
    assert "Approvals requested 2 1 approved by ana in slack, 1 expired" in lines
    assert "Messages 37 edited 235 times, 11 replies" in lines


def test_the_summary_for_a_good_week_does_not_list_problems() -> None:
    assert GOOD.good
    assert not any(line.startswith("Violated") for line in printed(GOOD))


def test_the_json_document_has_the_same_numbers() -> None:
    assert GOOD.document() == {
        "pools_total": 37,
        "pools_upgraded": 26,
        "pools_by_aks": 7,
        "pools_skipped": {"no-ring": 2, "snapshot": 1, "unproven": 1},
        "pools_eligible": 26,
        "runs": 36,
        "messages_sent": 37,
        "messages_edited": 235,
        "thread_replies": 11,
        "virtual_days": 7,
        "wall_s": 31.5,
        "operations": {
            "node-image": {"runs": 11, "succeeded": 11, "skipped": 0, "failed": 0, "expected": 11},
            "power": {"runs": 26, "succeeded": 22, "skipped": 3, "failed": 1, "expected": 22},
        },
        "approvals": [
            {
                "id": "rollout.production.approval-1",
                "ring": "production",
                "state": "approved",
                "by": "ana",
                "via": "slack",
            },
            {"id": "reboot.edge-prod.approval-1", "ring": "production", "state": "expired", "by": "", "via": ""},
        ],
    }
