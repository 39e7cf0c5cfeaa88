"""Input that no sender sends by accident: each endpoint answers it without failing, and never in a way that makes a sender repeat it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.endpoints.budget_alerts import take_alert
from ops.endpoints.event_grid import take_event
from ops.endpoints.http_api import control_run, start_runbook
from ops.endpoints.json_reader import NotJsonError, clean_json, read_json
from ops.endpoints.manual_runs import MOST_OPEN
from ops.endpoints.routes import Auth
from ops.functions import all_routes
from ops.tables.runs import runs
from simulator.running import running_simulation
from tests.fakes import World, cluster
from tests.flows.bot import BUDGET_KEY, Bot
from tests.flows.fleet import CONFIG, fleet
from tests.simulator.host.harness import async_test

BRACKETS = "[" * 100_000
NOTICE = "daytwo.spot.notice"
PREEMPTED = "Microsoft.ResourceNotifications.HealthResources.ResourceAnnotated"
BODIES: dict[str, bytes] = {
    "empty": b"",
    "text": b'"text"',
    "number": b"7",
    "null": b"null",
    "list": b"[]",
    "brackets": BRACKETS.encode(),
    "braces": b'{"a":' * 50_000,
    "deep": b'{"target":' + b"[" * 500 + b"]" * 500 + b"}",
    "nan": b'{"target": NaN}',
    "infinity": b'{"target": -Infinity}',
    "overflow": b'{"target": 1e999}',
    "digits": b'{"target": ' + b"9" * 5_000 + b"}",
    "surrogate": b'{"target": "\\ud83d", "\\ud83d": 1, "by": "\\udc00"}',
    "twice": b'{"target": "a", "target": "b"}',
    "utf-16": '{"target": "a"}'.encode("utf-16"),
    "not utf-8": b'{"target": "\xff\xfe"}',
    "long": b'{"target": "' + b"x" * 200_000 + b'"}',
    "many": b"[" + b"1," * 60_000 + b"1]",
    "control": b'{"target": "\\u0000\\u001b[2J\\u202e"}',
}
EVENTS: dict[str, Any] = {
    "brackets in data": {"id": "1", "eventType": "x", "data": BRACKETS},
    "text for data": {"id": "1", "eventType": PREEMPTED, "data": "[]"},
    "text for an object": {"id": "1", "eventType": PREEMPTED, "data": {"resourceInfo": "text"}},
    "text for properties": {"id": "1", "eventType": PREEMPTED, "data": {"resourceInfo": {"properties": "text"}}},
    "object for a name": {
        "id": "1",
        "eventType": PREEMPTED,
        "data": {"resourceInfo": {"properties": {"annotationName": {}}}},
    },
    "object for a source": {"specversion": "1.0", "id": "1", "type": NOTICE, "source": {"a": 1}, "data": {}},
    "number for a subject": {"specversion": "1.0", "id": "1", "type": "x", "source": "s", "subject": 7},
    "number for a node": {"specversion": "1.0", "id": "1", "type": NOTICE, "source": "s", "data": {"node": 7}},
    "huge instance": {
        "id": "1",
        "eventType": PREEMPTED,
        "data": {
            "resourceInfo": {
                "properties": {
                    "annotationName": "VirtualMachinePreempted",
                    "targetResourceId": "/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/aks-user1-1-vmss"
                    f"/virtualMachines/{'9' * 5_000}",
                }
            }
        },
    },
    "huge texts": {"id": "i" * 500_000, "eventType": "t" * 500_000, "topic": "s" * 500_000, "subject": "b" * 500_000},
    "surrogates": {"specversion": "1.0", "id": "\ud83d", "type": "\ud83d", "source": "\udc00", "subject": "\udc00"},
    "not finite": {"id": "1", "eventType": "x", "data": {"a": float("nan")}},
    "deep": {"id": "1", "eventType": "x", "data": {"a": json.loads("[" * 900 + "]" * 900)}},
    "not an object": "text",
    "null": None,
}


def world_with_cluster() -> World:
    made = World()
    made.clusters.put(cluster())
    return made


@pytest.mark.parametrize("kind", EVENTS)
def test_a_hostile_event_is_recorded_once_and_not_delivered_again(kind: str) -> None:
    world = world_with_cluster()
    for _ in range(3):
        take_event(world.context, EVENTS[kind])
    assert len(world.ledger.written) == 1
    assert len(str(world.ledger.written)) < 10_000
    assert world.engine.started == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: (
        st.dictionaries(
            st.sampled_from(
                ["data", "id", "node", "resourceInfo", "properties", "annotationName", "targetResourceId", "x"]
            ),
            inner,
        )
        | st.lists(inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60)
@given(
    _JSON, st.sampled_from([NOTICE, PREEMPTED, "Microsoft.ContainerService.NodePoolRollingStarted", ""]), _JSON, _JSON
)
def test_no_event_makes_its_handler_fail(data: object, kind: str, source: object, subject: object) -> None:
    world = world_with_cluster()
    for event in (
        {"specversion": "1.0", "id": "1", "type": kind, "source": source, "subject": subject, "data": data},
        {"id": "2", "eventType": kind, "topic": source, "subject": subject, "data": data},
    ):
        take_event(world.context, event)


@pytest.mark.parametrize("kind", BODIES)
def test_a_hostile_body_is_rejected_with_a_short_reason(kind: str) -> None:
    world = world_with_cluster()
    answers = [
        start_runbook(world.context, "node-image", BODIES[kind], ""),
        take_alert(world.context, BODIES[kind]),
        control_run(world.context, "none", "cancel", BODIES[kind]),
    ]
    assert {answer.status for answer in answers} <= {400, 404, 413}
    assert all(len(answer.text().encode()) < 500 for answer in answers)
    assert world.engine.started == []
    assert len(str(world.ledger.written)) < 10_000


def test_no_route_of_the_host_fails_on_a_hostile_body(tmp_path: Path) -> None:
    """Each route that accepts a body, with the keys that open it. A chat rejects what it has not signed."""
    routes = [route for route in all_routes() if "POST" in route.methods.split()]
    assert len(routes) >= 10

    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            for route in routes:
                path = f"/api/{route.path.format(name='node-image', id='x.y.z', token='t')}?key={BUDGET_KEY}"
                for kind, body in BODIES.items():
                    headers = {"x-functions-key": "key-of-the-tests"}
                    async with bot.http.post(path, data=body, headers=headers) as answer:
                        # The pages are unavailable without a sign-in, whatever is sent.
                        assert answer.status < 500 or route.auth is Auth.SIGN_IN, (path, kind)
                        assert answer.status != 500, (path, kind)
            for kind, body in BODIES.items():
                async with bot.http.post(
                    "/runtime/webhooks/eventgrid?functionName=events&code=key-of-the-tests", data=body
                ) as answer:
                    assert answer.status < 500, kind
            assert await bot.send_event(EVENTS["brackets in data"]) == 202

    with running_simulation(fleet()) as simulation:
        act(Bot(simulation, tmp_path, CONFIG))


class TestJson:
    """The one reader of JSON from outside."""

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            (BRACKETS, "it is not JSON"),
            ("[" * 100 + "]" * 100, "it is nested too deeply"),
            ("[" + "1," * 100_001 + "1]", "it has too many values"),
            ('{"a": 1, "a": 2}', "a key in it occurs twice"),
            ("[NaN]", "a number in it is not finite"),
            ("[1e999]", "a number in it is not finite"),
            ("9" * 5_000, "it is not JSON"),
            ("{", "it is not JSON"),
            (b"\xff", "it is not JSON"),
            ("", "it is not JSON"),
        ],
    )
    def test_what_is_refused(self, text: str | bytes, why: str) -> None:
        with pytest.raises(NotJsonError) as refused:
            read_json(text)
        assert str(refused.value) == why

    def test_what_is_read_can_be_stored_and_hashed(self) -> None:
        read = read_json('{"a\\ud83d": ["\\ud83d\\ude00", "\\udc00", 1, 1.5, true, null]}')
        assert read == {"a<U+D83D>": ["😀", "<U+DC00>", 1, 1.5, True, None]}
        json.dumps(read, ensure_ascii=False).encode()

    def test_a_value_of_another_type_is_refused(self) -> None:
        with pytest.raises(NotJsonError):
            clean_json({"a": object()})


class TestManualRuns:
    """A caller cannot queue hundreds of runs on one cluster."""

    def start(self, world: World, number: int, key: str = "", **body: object) -> int:
        target = next(iter(world.clusters.fleet))
        document = {"target": target, **body}
        answer = start_runbook(world.context, "node-image", json.dumps(document).encode(), key or f"k{number}")
        return int(answer.status)

    def test_the_eleventh_open_run_is_refused_with_a_time(self) -> None:
        world = world_with_cluster()
        assert [self.start(world, number) for number in range(MOST_OPEN + 2)] == [202] * 10 + [429] * 2
        target = next(iter(world.clusters.fleet))
        answer = start_runbook(world.context, "reboot", json.dumps({"target": target}).encode(), "")
        assert (answer.status, answer.headers) == (429, {"Retry-After": "300"})
        assert "shop-dev already has 10 open runs that were started manually" in answer.text()

    def test_a_repeated_request_is_accepted_and_another_cluster_is_not_affected(self) -> None:
        world = world_with_cluster()
        world.clusters.put(cluster(), cluster("other"))
        for number in range(MOST_OPEN):
            self.start(world, number)
        assert self.start(world, 0, "k3") == 202
        other = next(each for each in world.clusters.fleet if each.endswith("other"))
        assert self.start(world, 0, "k0", target=other) == 202

    def test_plans_count_and_ended_runs_do_not(self) -> None:
        world = world_with_cluster()
        for number in range(MOST_OPEN):
            self.start(world, number, dry_run=True)
        assert self.start(world, 99) == 429
        table = runs(world.store)
        first = next(iter(table.scan()))
        world.store.delete("live", first.key)
        assert self.start(world, 99) == 202
