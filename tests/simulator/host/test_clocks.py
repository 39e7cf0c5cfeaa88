"""A host on the world's clock over HTTP, and hosts on running clocks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from simulator.host.clock import LocalClock, RemoteClock, WallClock
from tests.simulator.host.harness import KEY, MONDAY, HostHarness, async_test, at


class World:
    """The clock of a simulated world in which an event can occur before the requested time."""

    def __init__(self) -> None:
        self.now = MONDAY
        self.requested: list[datetime] = []
        self.happens: dict[datetime, Callable[[], Awaitable[None]]] = {}

    async def read(self, _request: web.Request) -> web.Response:
        return web.json_response({"now": self.now.isoformat(), "speed": 0})

    async def advance(self, request: web.Request) -> web.Response:
        to = datetime.fromisoformat((await request.json())["to"])
        self.requested.append(to)
        first = min((when for when in self.happens if self.now < when <= to), default=None)
        self.now = first or to
        if first is not None:
            await self.happens.pop(first)()
        return web.json_response({"now": self.now.isoformat()})

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        application = web.Application()
        application.router.add_get("/clock", self.read)
        application.router.add_post("/clock/advance", self.advance)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/clock"
        finally:
            await runner.cleanup()


@async_test
async def test_the_host_advances_the_world_to_the_next_due_time() -> None:
    world = World()
    async with world.served() as url, HostHarness(clock=RemoteClock(url)) as harness:
        await harness.begin("sleeper", [7], "s")
        assert await harness.host.run_until(at(8)) == at(8)
        assert await harness.output("s") == ["2026-11-16T00:07:00"]
        assert world.requested == [at(5), at(7), at(8)]  # A timer trigger is due at minute 5.


@async_test
async def test_a_request_during_an_advance_is_handled_at_the_worlds_time() -> None:
    """The world stops at 00:02 to call the host and waits for the response. The host must serve the request and know the new time."""
    world = World()
    async with world.served() as url, HostHarness(clock=RemoteClock(url)) as harness:

        async def call() -> None:
            async with (
                aiohttp.ClientSession(harness.url) as http,
                http.post("/api/ops/sleeper/s", data="[1]", params={"code": KEY}) as answer,
            ):
                assert answer.status == 202

        world.happens[at(2)] = call
        await harness.host.run_until(at(10))
        assert await harness.output("s") == ["2026-11-16T00:03:00"]
        assert world.requested == [at(5), at(3), at(5), at(10)]


@async_test
async def test_a_running_clock_advances_without_being_stepped() -> None:
    async with HostHarness(clock=LocalClock(MONDAY, speed=3600)) as harness:
        await harness.begin("sleeper", [10, 10], "s")
        while await harness.status("s") != "Completed":
            await asyncio.sleep(0)
        assert harness.host.now() >= at(20)


@async_test
async def test_a_host_can_run_on_the_machines_clock() -> None:
    async with HostHarness(clock=WallClock()) as harness:
        before = datetime.now(UTC)
        await harness.begin("clockwise", None, "c")
        log = datetime.fromisoformat(await harness.output("c")).replace(tzinfo=UTC)
        assert before <= log <= datetime.now(UTC)
