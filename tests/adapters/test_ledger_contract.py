"""The contract of every ledger: append-only, chained, and honest about what was changed."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ops.adapters.file_ledger import FileLedger
from ops.model.ledger import Entry
from ops.ports import LedgerBrokenError
from tests.fakes import MONDAY

DAY = "2026-11-16"
ENTRY = Entry("run|plan", MONDAY, "plan", "run", "user1: old → new", data={"plan": "abc"})


def written(folder: Path) -> FileLedger:
    ledger = FileLedger(folder)
    for number in range(3):
        ledger.append(replace(ENTRY, key=f"k{number}", at=MONDAY + timedelta(hours=number)))
    return ledger


def test_entries_are_read_in_order_each_with_the_hash_of_the_one_before(tmp_path: Path) -> None:
    entries = list(written(tmp_path).entries(DAY))
    assert [entry.key for entry in entries] == ["k0", "k1", "k2"]
    assert [entry.previous for entry in entries][1:] == [entry.hash for entry in entries][:-1]


def test_the_same_fact_is_written_once_also_by_another_process(tmp_path: Path) -> None:
    written(tmp_path)
    again = written(tmp_path)
    assert len(list(again.entries(DAY))) == 3


def test_a_day_without_entries_is_empty(tmp_path: Path) -> None:
    assert list(FileLedger(tmp_path).entries(DAY)) == []


@pytest.mark.parametrize("change", ["edit", "drop", "swap"])
def test_a_changed_ledger_is_noticed(tmp_path: Path, change: str) -> None:
    written(tmp_path)
    file = tmp_path / f"{DAY}.jsonl"
    lines = file.read_text().splitlines()
    if change == "edit":
        lines[1] = json.dumps({**json.loads(lines[1]), "text": "nothing happened"})
    elif change == "drop":
        del lines[1]
    else:
        lines[0], lines[1] = lines[1], lines[0]
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(LedgerBrokenError, match="was changed: line"):
        list(FileLedger(tmp_path).entries(DAY))


def test_a_line_torn_by_a_crash_is_set_aside_and_written_again(tmp_path: Path) -> None:
    written(tmp_path)
    file = tmp_path / f"{DAY}.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    mended = FileLedger(tmp_path)
    mended.append(replace(ENTRY, key="k2", at=MONDAY + timedelta(hours=2)))
    assert [entry.key for entry in mended.entries(DAY)] == ["k0", "k1", "k2"]
