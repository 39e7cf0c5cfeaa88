"""How an activity ends: with its report, with a retry after an outside system's error, or set aside after a defect."""

import logging
from datetime import timedelta

import pytest

from ops.engine.activities import activity, assess, invoke, postponed
from ops.ports.errors import ConflictError, DeniedError, NotFoundError, OutsideError, TryLaterError
from ops.tables.set_aside import SetAside, set_aside_notes
from ops.telemetry.metrics import Metric
from tests.driving import NIGHT, run_request, start
from tests.engine.worlds import world_in_window
from tests.fakes import World


def test_every_activity_is_found_by_its_name() -> None:
    names = ("assess", "approve", "lease", "begin", "poll", "verify", "unwind", "conclude")
    assert [activity(name).__name__ for name in names] == list(names)
    assert [activity(name).__name__ for name in ("advance_rollout", "answer_query")] == [
        "advance_rollout",
        "answer_query",
    ]
    with pytest.raises(ValueError, match="other"):
        activity("other")


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (TryLaterError("429", 90), timedelta(seconds=90)),
        (TryLaterError("429", 0), timedelta(seconds=1)),
        (ConflictError("changed"), timedelta(seconds=5)),
        (DeniedError("403"), timedelta(minutes=5)),
    ],
)
def test_an_error_of_an_outside_system_becomes_a_retry(error: OutsideError, pause: timedelta) -> None:
    assert postponed(NIGHT, error) == {"outcome": "retry", "until": (NIGHT + pause).isoformat()}


def test_an_error_that_no_one_expects_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        postponed(NIGHT, DeniedError("reading: 403"))
    assert caplog.messages == ["An activity failed and will be retried in five minutes: reading: 403"]


def failures(world: World) -> list[dict[str, str]]:
    return [dict(each.attributes) for each in world.metrics.of(Metric.FAILURES)]


def test_an_outside_error_of_an_activity_is_counted_and_retried() -> None:
    world = world_in_window()
    found = invoke("assess", world.context, {"run": "gone"})
    assert found == {"outcome": "retry", "until": (world.clock.at + timedelta(minutes=5)).isoformat()}
    assert failures(world) == [{"activity": "assess", "error": NotFoundError.__name__}]


def fails(*_: object) -> None:
    raise ZeroDivisionError("a defect")


def test_a_defect_is_counted_logged_set_aside_and_retried(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = world_in_window()
    run = start(world, run_request(world))
    monkeypatch.setattr(assess, "assess_run", fails)
    with caplog.at_level(logging.ERROR):
        found = invoke("assess", world.context, {"run": run.id})
    assert found == {"outcome": "retry", "until": (world.clock.at + timedelta(minutes=15)).isoformat()}
    assert failures(world) == [{"activity": "assess", "error": "ZeroDivisionError"}]
    (record,) = caplog.records
    assert record.getMessage() == f"The activity assess of {run.id} failed and will be retried"
    assert record.exc_info is not None
    stored = world.store.get("run", run.id)
    assert stored is not None
    (noted,) = set_aside_notes(world.store).scan()
    assert noted.value == SetAside("run", run.id, "assess failed: ZeroDivisionError: a defect", stored.etag)


@pytest.mark.parametrize("kind", ["run", "rollout"])
def test_a_defect_without_a_record_is_set_aside_without_an_etag(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_in_window()
    monkeypatch.setattr(assess, "run_of", fails)
    invoke("assess", world.context, {kind: "gone"})
    (noted,) = set_aside_notes(world.store).scan()
    assert (noted.value.kind, noted.value.key, noted.value.etag) == (kind, "gone", "")


def test_a_defect_of_neither_a_run_nor_a_rollout_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_in_window()
    monkeypatch.setattr(assess, "run_of", fails)
    with pytest.raises(ZeroDivisionError):
        invoke("assess", world.context, {"other": "x"})
    assert failures(world) == [{"activity": "assess", "error": "ZeroDivisionError"}]
