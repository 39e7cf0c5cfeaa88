"""Requests for which a person waits do not wait for requests for which no person waits."""

import asyncio
import threading
from pathlib import Path

import pytest
from azure_functions_runtime.utils.threadpool import get_threadpool_executor

from ops.endpoints import http_api
from ops.endpoints.http_types import HttpResponse
from simulator.running import Running
from simulator.slack.interactions import Interaction, command_form
from simulator.slack.signing import signed
from simulator.slack.workspace import USERS
from tests.flows.bot import KEY, Bot
from tests.flows.test_slack import APPROVED
from tests.simulator.host.harness import async_test

# More than the worker has threads.
_BACKLOG = 64


@async_test
async def test_a_command_is_answered_while_every_thread_of_the_worker_is_busy(
    simulation: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    original = http_api.answer_runbooks

    def slow() -> HttpResponse:
        assert released.wait(60)
        return original()

    monkeypatch.setattr(http_api, "answer_runbooks", slow)
    async with Bot(simulation, tmp_path, APPROVED) as bot:
        backlog = [asyncio.ensure_future(_list_runbooks(bot)) for _ in range(_BACKLOG)]
        await _until_requests_queue()
        now = bot.host.now()
        body = command_form("/daytwo", "status", "C0123", Interaction(USERS["U0ANA"], now, 1, ""))
        async with bot.http.post("/api/slack/commands", data=body, headers=signed(body, now)) as answer:
            assert "no active runs" in (await answer.json())["text"]
        assert not any(each.done() for each in backlog)
        released.set()
        assert set(await asyncio.gather(*backlog)) == {200}


async def _until_requests_queue() -> None:
    """Wait until the worker's pool has requests for which it has no thread."""
    pool = get_threadpool_executor()
    assert pool is not None
    while pool._work_queue.empty():  # noqa: SLF001 - the pool does not say how busy it is
        await asyncio.sleep(0.01)


async def _list_runbooks(bot: Bot) -> int:
    async with bot.http.get("/api/runbooks", headers={"x-functions-key": KEY}) as answer:
        return answer.status
