"""Controls a host in a test: starts it, calls it, and reads the app's log."""

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

from simulator.host.clock import Clock, LocalClock
from simulator.host.dispatch import Boundary
from simulator.host.engine import Engine
from simulator.host.files import FileEngine
from simulator.host.host import Host

APP = Path(__file__).parent / "app"
MONDAY = datetime(2026, 11, 16, tzinfo=UTC)
KEY = "key-of-the-tests"


def at(minutes: float) -> datetime:
    return MONDAY + timedelta(minutes=minutes)


class HostHarness:
    """A started host with an HTTP client."""

    def __init__(
        self, state_dir: Path | None = None, clock: Clock | None = None, boundary: Boundary | None = None
    ) -> None:
        self.host = Host(APP, clock or LocalClock(MONDAY), state_dir, function_key=KEY, boundary=boundary)

    async def __aenter__(self) -> Self:
        self.url = await self.host.start()
        self.http = aiohttp.ClientSession(self.url)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()
        await self.host.stop()

    async def begin(self, kind: str, given: object, instance_id: str) -> int:
        async with self.http.post(f"/api/ops/{kind}/{instance_id}", data=json.dumps(given)) as answer:
            status = answer.status
        await self.host.settle()
        return status

    async def manage(self, method: str, path: str, body: object = None, **query: str) -> int:
        """Call a durable endpoint and return the status code."""
        url = f"/runtime/webhooks/durabletask/instances{path}"
        async with self.http.request(method, url, data=json.dumps(body), params={"code": KEY, **query}) as answer:
            status = answer.status
        await self.host.settle()
        return status

    async def raise_event(self, instance_id: str, name: str, data: object) -> int:
        return await self.manage("POST", f"/{instance_id}/raiseEvent/{name}", data)

    async def get_status(self, instance_id: str) -> dict[str, Any]:
        url = f"/runtime/webhooks/durabletask/instances/{instance_id}"
        async with self.http.get(url, params={"code": KEY}) as answer:
            return {"runtimeStatus": "unknown"} if answer.status == 404 else await answer.json()

    async def status(self, instance_id: str) -> str:
        return str((await self.get_status(instance_id))["runtimeStatus"])

    async def output(self, instance_id: str) -> Any:
        await self.host.settle()
        state = await self.get_status(instance_id)
        assert state["runtimeStatus"] == "Completed", state
        return state["output"]


def async_test[**P](test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Let pytest run a coroutine function as a test."""

    @wraps(test)
    def run_test(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(test(*args, **kwargs))

    return run_test


def make_engine(state_dir: Path | None) -> Engine:
    """An engine without a host, whose clock starts on the Monday of the tests."""
    return Engine(lambda: MONDAY) if state_dir is None else FileEngine(lambda: MONDAY, state_dir / "engine.db")


def app_log() -> list[str]:
    """The inputs that the app's triggers have received since the last call."""
    return _taken("function_app", "LOG")


def activity_runs() -> list[str]:
    """The inputs that the app's activities have received since the last call."""
    return _taken("flows", "RUNS")


def _taken(module: str, name: str) -> list[str]:
    loaded = sys.modules.get(module)  # The host loads it at its first start.
    if loaded is None:
        return []
    log: list[str] = getattr(loaded, name)
    seen = list(log)
    log.clear()
    return seen
