"""The API's resources are documented, contain no secrets, and do not depend on the format of the stored records."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime

import pytest

from ops.endpoints import resources
from ops.endpoints.resources import run_resource, run_summary, to_body
from ops.functions import all_routes
from ops.model.plan import Plan, Skip, Step
from ops.model.reasons import SkipReason
from ops.model.run import Run, State, StepRecord, StepState
from tools.http_reference import PAGE, reference

AT = datetime(2026, 11, 16, 18, tzinfo=UTC)
TOKEN = "https://management.azure.com/operations/1?s=secret"
STEP = StepRecord("a", "upgrade user1", StepState.RUNNING, TOKEN, AT, params={"image": "internal"})
PLAN = Plan("node-image", "/x", (Step("a", "upgrade", "upgrade user1", {}),), reasons=("2 days behind",))
FIELDS = {
    "id": "node-image.shop-dev.1",
    "runbook": "node-image",
    "target": "/subscriptions/1/shop-dev",
    "target_name": "shop-dev",
    "period": "1",
    "created": AT,
    "source": "http",
    "by": "ana",
    "state": State.RUNNING,
    "plan": PLAN,
    "steps": (STEP,),
    "skips": (Skip("user2", SkipReason.SKIPPED_BY_PERSON, "frozen until Monday"),),
    "facts_ref": "internal",
    "params": {"x": "internal"},
}


@dataclass(frozen=True, slots=True)
class LaterRun(Run):
    """A record as a later version might store it."""

    added: str = "internal"


def test_a_run_is_returned_field_by_field() -> None:
    assert to_body(run_resource(Run(**FIELDS))) == {  # type: ignore[arg-type]  # by name, as above
        "id": "node-image.shop-dev.1",
        "runbook": "node-image",
        "target": "/subscriptions/1/shop-dev",
        "target_name": "shop-dev",
        "ring": "",
        "rollout": "",
        "source": "http",
        "by": "ana",
        "dry_run": False,
        "state": "running",
        "code": "",
        "headline": "",
        "why": "",
        "remedy": "",
        "created": "2026-11-16T18:00:00+00:00",
        "began": None,
        "until": None,
        "ended": None,
        "plan": {"hash": PLAN.hash, "steps": ["upgrade user1"], "reasons": ["2 days behind"], "warnings": []},
        "steps": [
            {
                "id": "a",
                "title": "upgrade user1",
                "state": "running",
                "began": "2026-11-16T18:00:00+00:00",
                "ended": None,
                "evidence": "",
                "why": "",
            }
        ],
        "finished": [],
        "skips": [{"what": "user2", "code": "skipped-by-person", "why": "frozen until Monday", "needs_person": False}],
        "approval": "",
        "approved": "",
    }


def test_a_new_field_in_the_record_does_not_change_the_response() -> None:
    now, later = Run(**FIELDS), LaterRun(**FIELDS, added="internal")  # type: ignore[arg-type]  # by name, as above
    for resource in (run_resource, run_summary):
        assert to_body(resource(later)) == to_body(resource(now))


def test_tokens_and_internal_fields_are_not_returned() -> None:
    answer = str(to_body(run_resource(LaterRun(**FIELDS))))  # type: ignore[arg-type]  # by name, as above
    assert "secret" not in answer
    assert "internal" not in answer


def test_a_value_with_an_unknown_type_raises_an_error() -> None:
    with pytest.raises(TypeError, match="dict is not part of a resource"):
        to_body([{"a": 1}])


def test_every_field_in_a_resource_is_documented() -> None:
    kinds = [
        kind for kind in vars(resources).values() if isinstance(kind, type) and kind.__module__ == resources.__name__
    ]
    missing = [
        f"{kind.__name__}.{each.name}"
        for kind in kinds
        for each in fields(kind)
        if f"    {each.name}: " not in (kind.__doc__ or "")
    ]
    assert (len(kinds) > 8, missing) == (True, [])


def test_the_committed_reference_is_up_to_date() -> None:
    assert PAGE.read_text() == reference(all_routes()), "run `python -m tools.http_reference` and commit the page"


def test_paths_and_function_names_are_unique() -> None:
    routes = all_routes()
    served = [(method, route.path) for route in routes for method in route.methods.split()]
    assert len(set(served)) == len(served)
    assert len({route.name for route in routes}) == len(routes)
