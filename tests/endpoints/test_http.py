"""The HTTP API: invalid input is answered with a clear error, has no effect, and does not reveal anything."""

import json
from dataclasses import replace
from http import HTTPStatus

import pytest

from ops.endpoints.http_api import answer_run, answer_runbooks, answer_runs, control_run, start_runbook
from ops.endpoints.overrides import set_override
from ops.model.run import State, StepRecord
from ops.tables.runs import controls, runs
from tests.fakes import World, cluster


def new_world() -> World:
    made = World()
    made.clusters.put(cluster())
    return made


def target(world: World) -> str:
    return next(iter(world.clusters.fleet))


def test_a_request_to_start_a_run_is_answered_with_202_and_the_runs_path() -> None:
    world = new_world()
    response = start_runbook(
        world.context, "node-image", json.dumps({"target": target(world), "by": "ana"}).encode(), ""
    )
    assert response.status == HTTPStatus.ACCEPTED
    (run,) = runs(world.store).scan()
    assert response.headers["Location"] == f"/api/runs/{run.key}"
    assert (run.value.source, world.engine.started) == ("http", [f"operation {run.key}"])
    assert [entry.text for entry in world.ledger.written.values()] == ["requested node-image on shop-dev"]


def test_the_same_idempotency_key_leads_to_the_same_run() -> None:
    world = new_world()
    body = json.dumps({"target": target(world)}).encode()
    first = start_runbook(world.context, "node-image", body, "k1")
    world.clock.advance(minutes=5)
    second = start_runbook(world.context, "node-image", body, "k1")
    assert first.headers == second.headers
    assert len(world.engine.started) == 1


def test_keys_that_differ_in_case_special_characters_or_length_lead_to_different_runs() -> None:
    world = new_world()
    body = json.dumps({"target": target(world)}).encode()
    keys = ["deploy_1", "deploy-1", "Deploy 1", "deploy/1", "x" * 80 + "1", "x" * 80 + "2", "ä"]
    for key in keys + keys:
        start_runbook(world.context, "node-image", body, key)
    assert len(world.engine.started) == 7


@pytest.mark.parametrize(
    ("name", "body", "status", "says"),
    [
        ("unknown", b"{}", 404, "there is no such runbook"),
        ("node-image", b"{", 400, "not JSON"),
        ("node-image", b"\xff\xfe", 400, "not JSON"),
        ("node-image", b"[" * 10_000, 400, "not JSON"),
        ("node-image", b"[]", 400, "must be a JSON object"),
        ("node-image", b"{}", 400, "target must be the ARM id"),
        ("node-image", b'{"target": "shop-dev"}', 400, "target must be the ARM id"),
        ("node-image", b'{"target": 7}', 400, "target must be the ARM id"),
        ("node-image", b'{"targt": "x"}', 400, "unknown key 'targt'"),
        ("node-image", b'{"by": ""}', 400, "target must be the ARM id"),
        ("node-image", b'"' + b"x" * 20_000 + b'"', 413, "larger than 16 kB"),
    ],
)
def test_invalid_input_is_rejected_with_the_reason(name: str, body: bytes, status: int, says: str) -> None:
    world = new_world()
    response = start_runbook(world.context, name, body, "")
    assert response.status == status
    assert says in response.text()
    assert world.engine.started == []


def test_a_cluster_outside_the_fleet_is_rejected_by_every_route() -> None:
    world = new_world()
    other = cluster().id.replace("00000000-0000", "99999999-0000")
    body = json.dumps({"target": other, "until": "2026-11-17T00:00:00Z"}).encode()
    answers = [
        start_runbook(world.context, "node-image", json.dumps({"target": other}).encode(), ""),
        set_override(world.context, "awake", body),
        set_override(world.context, "skip", body),
    ]
    assert [answer.status for answer in answers] == [403, 403, 403]
    assert {answer.text() for answer in answers} == {
        '{"error": "The cluster is not in a configured subscription. Add it to `fleet.subscriptions`."}'
    }
    assert (world.engine.started, world.ledger.written, world.chat.posts) == ([], {}, 0)


@pytest.mark.parametrize("by_whom", ["", "x" * 65, "a\nb", 7])
def test_an_invalid_name_is_rejected(by_whom: object) -> None:
    world = new_world()
    body = json.dumps({"target": target(world), "by": by_whom}).encode()
    assert start_runbook(world.context, "node-image", body, "").status == HTTPStatus.BAD_REQUEST


def test_the_name_that_a_key_holder_sends_is_shown_as_a_claim() -> None:
    """The function key does not authenticate a person, so neither the ledger nor a chat shows the name as authenticated."""
    world = new_world()
    body = json.dumps({"target": target(world), "until": "2026-11-17T00:00:00Z", "by": "ana"}).encode()
    assert set_override(world.context, "awake", body).status == HTTPStatus.ACCEPTED
    run = started(world, name="ana")
    control_run(world.context, run, "pause", b'{"by": "ana"}')
    control_run(world.context, run, "resume", b"")
    (shown,) = world.chat.shown.values()
    assert "shop-dev stays awake · requested by a holder of the function key (says: ana)" in str(shown)
    assert runs(world.store).must_get(run).value.by == "a holder of the function key (says: ana)"
    assert [entry.by for entry in world.ledger.written.values()] == [
        *["a holder of the function key (says: ana)"] * 3,
        "a holder of the function key",
    ]


@pytest.mark.parametrize("run_id", ["unknown", "../../etc", "x" * 400, "a/b"])
def test_a_request_for_an_unknown_run_reveals_nothing(run_id: str) -> None:
    world = new_world()
    assert answer_run(world.context, run_id).text() == '{"error": "there is no such run"}'
    assert control_run(world.context, run_id, "cancel", b"").status == HTTPStatus.NOT_FOUND


def started(world: World, name: str = "") -> str:
    response = start_runbook(
        world.context,
        "node-image",
        json.dumps({"target": target(world)} | ({"by": name} if name else {})).encode(),
        "k",
    )
    return response.headers["Location"].rsplit("/", 1)[1]


def test_cancel_pause_and_resume_are_recorded_and_wake_the_run() -> None:
    world = new_world()
    run_id = started(world)
    for action in ("pause", "resume", "pause", "cancel"):
        world.clock.advance(minutes=1)
        assert control_run(world.context, run_id, action, b'{"by": "ana"}').status == HTTPStatus.ACCEPTED
    control = controls(world.store).must_get(run_id).value
    assert (control.cancelled_by, control.paused_by) == (
        "a holder of the function key (says: ana)",
        "a holder of the function key (says: ana)",
    )
    assert world.engine.woken == [run_id] * 4
    assert [entry.kind for entry in world.ledger.written.values()] == [
        "requested",
        "pause",
        "resume",
        "pause",
        "cancel",
    ]


def test_the_first_person_to_cancel_is_recorded() -> None:
    world = new_world()
    run_id = started(world)
    control_run(world.context, run_id, "cancel", b'{"by": "ana"}')
    control_run(world.context, run_id, "cancel", b'{"by": "bo"}')
    assert controls(world.store).must_get(run_id).value.cancelled_by == "a holder of the function key (says: ana)"


def test_an_ended_run_cannot_be_cancelled() -> None:
    world = new_world()
    run_id = started(world)
    table = runs(world.store)
    stored = table.must_get(run_id)
    table.replace(stored, replace(stored.value, state=State.DONE))
    response = control_run(world.context, run_id, "cancel", b"")
    assert (response.status, response.body) == (409, {"error": "the run has ended (done): there is nothing to cancel"})


def test_the_api_does_not_return_step_tokens() -> None:
    world = new_world()
    run_id = started(world)
    table = runs(world.store)
    stored = table.must_get(run_id)
    table.replace(stored, replace(stored.value, steps=(StepRecord("a", "a", token="https://signed?s=secret"),)))
    assert "secret" not in answer_run(world.context, run_id).text()
    assert "secret" not in answer_runs(world.context, "").text()


def test_runbooks_are_listed() -> None:
    assert {"name": "node-image", "title": "Node images"} in answer_runbooks().body  # type: ignore[operator]  # a list
