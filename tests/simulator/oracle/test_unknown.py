"""While Azure does not report whether a cluster runs, the oracle expects nothing and forbids everything."""

from dataclasses import replace

import pytest

from simulator.world.journal import Kind
from simulator.world.specs import PRINCIPAL
from tests.simulator.oracle.journal_builder import SUNDAY, JournalBuilder, at, cluster
from tests.simulator.oracle.test_power import POWER, a_week, days


def hidden(builder: JournalBuilder, began: str, ended: str) -> JournalBuilder:
    times = {"at": at(began).isoformat(), "until": at(ended).isoformat()}
    builder.add("mon 00:00", Kind.FAULT_ARMED, "dev", what="FieldMissing", field="powerState", **times)
    return builder


def violations(builder: JournalBuilder) -> list[str]:
    return list(builder.verdict(POWER, SUNDAY, ()).violations)


def test_an_operation_while_the_power_state_is_unknown_is_a_violation() -> None:
    assert violations(hidden(a_week(), "tue 07:00", "tue 09:00")) == [
        "unknown-power-state: dev at 2026-11-17 08:00:00 UTC"
    ]


def test_no_correction_is_required_while_the_power_state_is_unknown() -> None:
    builder = JournalBuilder(replace(cluster("dev"), stopped=True))
    days(builder, "mon", "wed", "thu", "fri")
    assert violations(builder) == ["asleep-against-schedule: dev at 2026-11-17 08:00:00 UTC"]
    assert violations(hidden(builder, "tue 07:00", "tue 20:00")) == []


def test_no_upgrade_is_allowed_while_the_power_state_is_unknown() -> None:
    builder = JournalBuilder(cluster("dev"))
    builder.upgrade("dev/system", "mon 22:00", "mon 22:30")
    assert builder.verdict().violations == ()
    found = hidden(builder, "mon 21:00", "mon 23:00").verdict().violations
    assert found == ("unknown-power-state: dev/system at 2026-11-16 22:00:00 UTC",)


@pytest.mark.parametrize(("until", "allowed"), [("tue 06:00", True), ("tue 04:00", False)])
def test_a_started_cluster_is_not_expected_to_stop_while_its_power_state_is_unknown(
    until: str, *, allowed: bool
) -> None:
    builder = JournalBuilder(replace(cluster("dev"), stopped=True))
    builder.power("dev", "start", "mon 22:00", "mon 22:08")
    builder.upgrade("dev/system", "mon 22:10")
    violations = hidden(builder, "tue 03:00", until).verdict().violations
    assert ("left-awake: dev at 2026-11-16 22:00:00 UTC" not in violations) is allowed


def test_an_upgrade_that_was_interrupted_is_not_a_failure_and_can_be_repeated() -> None:
    for code, expected in (
        ("AKSOperationPreempted", ()),
        ("PodDrainFailure", ("upgraded-twice: dev/system at 2026-11-16 22:30:00 UTC",)),
    ):
        builder = JournalBuilder(cluster("dev"))
        builder.upgrade("dev/system", "mon 22:00", "mon 22:10", status="Failed", code=code)
        builder.upgrade("dev/system", "mon 22:30")
        found = builder.verdict().violations
        assert tuple(each for each in found if "twice" in each) == expected
        assert bool(found) == bool(expected)


def refused(times: int) -> JournalBuilder:
    builder = JournalBuilder(cluster("dev"))
    spell = {"at": at("mon 01:00").isoformat(), "until": at("mon 20:00").isoformat()}
    builder.add("mon 00:00", Kind.FAULT_ARMED, "dev", what="Refusal", **spell)
    for number in range(times):
        builder.add(
            f"mon {number + 2:02}:00", Kind.OPERATION_REFUSED, "dev", who=PRINCIPAL, code="ScopeLocked", what=""
        )
    return builder


def test_a_refusal_that_is_asked_for_more_than_six_times_a_day_is_a_violation() -> None:
    assert refused(6).verdict().violations == ()
    assert refused(7).verdict().violations == ("asked-too-often: dev at 2026-11-16 08:00:00 UTC",)
