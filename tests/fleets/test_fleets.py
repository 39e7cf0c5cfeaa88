"""Random fleets of every sort: nothing false is said, nothing begins on an unknown, and what lasts is reported once."""

import sys
from collections import Counter
from functools import cache

import pytest

from tests.fleets.fleet_day import FleetDay, fleet_day

SEEDS = range(1, 31)
MANY = range(1_000, 2_000)
# Each of these must occur in the small set, or a test that never meets it would pass.
_MUST_OCCUR = {
    "begun upgrade-node-image", "begun start", "begun stop", "restarts", "open conditions",
    "refused ScopeLocked", "refused AuthorizationFailed", "fault FieldMissing", "fault UpgradeSkipsNodes",
    "fault SpotEviction", "fault BudgetAlert", "fault AddressMissing", "says already-latest", "says all-newest",
    "says nodes-have", "says unsupported-pool", "says pool-failed", "says booted", "says refused", "says ready",
    "says stopped", "says running", "says snapshot", "says budget", "says not-ready",
}  # fmt: skip

day = cache(fleet_day)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_fleet_of_every_sort_is_treated_and_described_correctly(seed: int) -> None:
    assert day(seed).wrong == ()


@pytest.mark.soak
@pytest.mark.parametrize("seed", MANY)
def test_many_fleets_of_every_sort_are_treated_and_described_correctly(seed: int) -> None:
    assert fleet_day(seed, clusters=2 + seed % 4).wrong == ()


def test_every_sort_of_situation_occurs(capsys: pytest.CaptureFixture[str]) -> None:
    occurred: Counter[str] = Counter()
    for each in map(_day_of, SEEDS):
        occurred.update(each.occurred)
    with capsys.disabled():
        counts = ", ".join(f"{name} {count}" for name, count in sorted(occurred.items()))
        sys.stdout.write(f"\n{len(SEEDS)} fleets: {counts}\n")
    assert {name for name, count in occurred.items() if count} >= _MUST_OCCUR


def _day_of(seed: int) -> FleetDay:
    return day(seed)
