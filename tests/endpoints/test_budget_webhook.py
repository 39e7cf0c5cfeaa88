"""The budget webhook has a key of its own, because everyone who can read an action group can read the address of its webhook."""

from pathlib import Path

import pytest

from ops.endpoints.budget_alerts import BudgetAccess, receive_alert
from ops.endpoints.http_types import HttpRequest
from ops.endpoints.rejected_requests import RejectedRequests
from simulator.running import running_simulation
from tests.engine.budget_alerts import LEGACY
from tests.fakes import World
from tests.flows.bot import BUDGET_KEY, KEY, Bot
from tests.flows.fleet import CONFIG, fleet
from tests.simulator.host.harness import async_test

ALERT = HttpRequest("POST", body=LEGACY)


def asked(world: World, key: str, configured: str = BUDGET_KEY) -> int:
    request = HttpRequest("POST", query={"key": key} if key else {}, body=LEGACY)
    return receive_alert(world.context, BudgetAccess(configured, RejectedRequests()), request).status


def test_the_budget_key_opens_the_webhook() -> None:
    assert asked(World(), BUDGET_KEY) == 202
    assert asked(World(), "k" * 32, "k" * 32) == 202


@pytest.mark.parametrize("key", ["", "x", BUDGET_KEY[:-1], f"{BUDGET_KEY}x", BUDGET_KEY.upper(), "ä\ud800"])
def test_another_key_is_rejected_and_recorded_once_per_minute(key: str) -> None:
    world = World()
    assert [asked(world, key) for _ in range(3)] == [401] * 3
    (entry,) = world.ledger.written.values()
    assert (entry.kind, entry.data["reason"]) == ("refused-request", "wrong-key")
    assert BUDGET_KEY not in str(entry)


@pytest.mark.parametrize("configured", ["", "short", "k" * 31])
def test_without_a_key_nothing_is_taken(configured: str) -> None:
    world = World()
    assert [asked(world, key, configured) for key in (configured, BUDGET_KEY)] == [503, 503]
    assert world.ledger.written == {}


def test_the_two_keys_do_not_open_each_others_routes_on_the_host(tmp_path: Path) -> None:
    @async_test
    async def act(bot: Bot) -> None:
        async with bot:
            assert (await bot.call("POST", "alerts/budget", {})).status == 401
            assert (await bot.call("POST", f"alerts/budget?key={KEY}", {}, key="")).status == 401
            assert (await bot.call("POST", f"alerts/budget?code={KEY}", {}, key="")).status == 401
            assert (await bot.call("POST", f"alerts/budget?key={BUDGET_KEY}", {}, key="")).status == 400
            for path in ("runs", f"runs?code={BUDGET_KEY}", f"runs?key={BUDGET_KEY}"):
                assert (await bot.call("GET", path, key=BUDGET_KEY)).status == 401

    with running_simulation(fleet()) as simulation:
        act(Bot(simulation, tmp_path, CONFIG))
