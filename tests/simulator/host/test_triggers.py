"""An app's triggers, called in the same way as on Azure."""

import asyncio

import pytest

from tests.simulator.host.harness import KEY, HostHarness, app_log, async_test, at

EVENTS = "/runtime/webhooks/eventgrid"


@async_test
async def test_a_function_level_route_requires_the_key() -> None:
    async with HostHarness() as harness:
        async with harness.http.post("/api/mirror") as answer:
            assert answer.status == 401
        async with harness.http.post("/api/mirror", headers={"x-functions-key": "wrong"}) as answer:
            assert answer.status == 401
        async with harness.http.post("/api/mirror", headers={"x-functions-key": KEY}) as answer:
            assert answer.status == 207
        async with harness.http.post("/api/mirror", params={"code": KEY}) as answer:
            assert answer.status == 207


@async_test
async def test_bodies_and_headers_are_passed_unchanged() -> None:
    async with HostHarness() as harness:
        headers = {"x-functions-key": KEY, "X-Sent": "yes"}
        async with harness.http.post("/api/mirror", data=b"\x00\xff raw", headers=headers) as answer:
            assert await answer.read() == b"\x00\xff raw"
            assert answer.headers["x-seen"] == "yes"
            assert answer.headers["content-type"] == "application/octet-stream"


@async_test
async def test_an_undeclared_method_is_rejected() -> None:
    async with HostHarness() as harness, harness.http.get("/api/mirror", params={"code": KEY}) as answer:
        assert answer.status == 405


@async_test
async def test_a_function_that_raises_returns_500_without_details() -> None:
    async with HostHarness() as harness, harness.http.get("/api/broken") as answer:
        assert answer.status == 500
        assert await answer.text() == ""


@async_test
async def test_a_check_status_response_links_to_the_status() -> None:
    async with HostHarness() as harness:
        async with harness.http.post("/api/ops/chain/c", json=2) as answer:
            assert answer.status == 202
            location = answer.headers["Location"]
        await harness.host.settle()
        async with harness.http.get(location) as answer:
            assert answer.status == 200
            assert (await answer.json())["output"] == 1


@async_test
async def test_the_durable_endpoints_require_the_key() -> None:
    async with HostHarness() as harness, harness.http.get("/runtime/webhooks/durabletask/instances/c") as answer:
        assert answer.status == 401


@async_test
async def test_a_synchronous_function_can_wait_with_its_durable_client() -> None:
    async with HostHarness() as harness:
        await harness.begin("approval", {"minutes": 5}, "a")
        waiting = asyncio.create_task(harness.http.get("/api/wait/a"))
        while not harness.host.engine.watchers.count("a"):
            await asyncio.sleep(0)
        url = "/runtime/webhooks/durabletask/instances/a/raiseEvent/decision"
        async with harness.http.post(url, params={"code": KEY}, json="yes") as answer:
            assert answer.status == 202
        async with await waiting as answer:
            assert await answer.text() == "COMPLETED"


@pytest.mark.parametrize(
    "event",
    [
        [{"id": "1", "eventType": "Started", "subject": "s", "topic": "t", "dataVersion": "1", "data": {}}],
        {"id": "1", "type": "Started", "source": "s", "specversion": "1.0", "data": {}},
    ],
    ids=["Event Grid schema", "CloudEvents"],
)
@async_test
async def test_an_event_in_either_schema_reaches_its_function(event: object) -> None:
    async with HostHarness() as harness:
        app_log()
        async with harness.http.post(EVENTS, params={"functionName": "on_event", "code": KEY}, json=event) as answer:
            assert answer.status == 202
        assert app_log() == ["event Started"]


@async_test
async def test_a_failing_event_function_returns_500() -> None:
    event = [{"id": "1", "eventType": "refuse", "data": {}}]
    async with (
        HostHarness() as harness,
        harness.http.post(EVENTS, params={"functionName": "on_event", "code": KEY}, json=event) as answer,
    ):
        assert answer.status == 500


@async_test
async def test_the_event_grid_handshakes_are_answered() -> None:
    validation = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "c0de"}}]
    query = {"functionName": "on_event", "code": KEY}
    async with HostHarness() as harness:
        async with harness.http.post(EVENTS, params=query, json=validation) as answer:
            assert await answer.json() == {"validationResponse": "c0de"}
        async with harness.http.options(EVENTS, params=query, headers={"WebHook-Request-Origin": "eg.net"}) as answer:
            assert answer.headers["WebHook-Allowed-Origin"] == "eg.net"


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ({"functionName": "on_event"}, b"[{}]", 401),
        ({"functionName": "unknown", "code": KEY}, b"[{}]", 404),
        ({"functionName": "on_event", "code": KEY}, b"no json", 400),
        ({"functionName": "on_event", "code": KEY}, b"[]", 400),
    ],
    ids=["no key", "unknown function", "not JSON", "no events"],
)
@async_test
async def test_an_undeliverable_event_is_rejected(query: dict[str, str], body: bytes, status: int) -> None:
    async with HostHarness() as harness, harness.http.post(EVENTS, params=query, data=body) as answer:
        assert answer.status == status


@async_test
async def test_the_admin_endpoint_runs_a_timer_function_immediately() -> None:
    async with HostHarness() as harness:
        app_log()
        async with harness.http.post("/admin/functions/sweep", headers={"x-functions-key": KEY}, json={}) as answer:
            assert answer.status == 202
        async with harness.http.post("/admin/functions/sweep", json={}) as answer:
            assert answer.status == 401
        await harness.host.settle()
        assert app_log() == ["sweep past_due=False"]


@async_test
async def test_timer_triggers_fire_on_time_and_start_orchestrations() -> None:
    async with HostHarness() as harness:
        app_log()
        await harness.host.run_until(at(121))
        log = app_log()
        assert (log.count("sweep past_due=False"), log.count("hourly past_due=False")) == (24, 2)
        url = "/runtime/webhooks/durabletask/instances"
        async with harness.http.get(url, params={"code": KEY, "runtimeStatus": "Completed"}) as answer:
            outputs = [state["output"] for state in await answer.json()]
        assert outputs == ["2026-11-16T01:00:00", "2026-11-16T02:00:00"]
