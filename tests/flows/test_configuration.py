"""The configuration is missing, becomes invalid, and is fixed. Until the fix the app reports the problem and does not start new work."""

from pathlib import Path

import pytest

from ops.adapters import calendar_feeds
from ops.model.run import State
from simulator.running import Running
from simulator.stories.hostile_calendar import hostile_calendar
from tests.flows.bot import Bot, messages, target_of
from tests.flows.fleet import CONFIG, TWO_POOLS, after
from tests.simulator.host.harness import async_test

BROKEN = CONFIG.replace("node-image:", "node-imag:")
ENDPOINTS = [
    ("GET", "runbooks"),
    ("POST", "runbooks/node-image"),
    ("GET", "runs"),
    ("GET", "runs/x"),
    ("POST", "runs/x/cancel"),
    ("POST", "runs/x/pause"),
    ("POST", "runs/x/resume"),
]


@pytest.mark.parametrize("config", [None, BROKEN])
@async_test
async def test_every_endpoint_reports_the_problem_if_there_is_no_valid_configuration(
    simulation: Running, tmp_path: Path, config: str | None
) -> None:
    async with Bot(simulation, tmp_path, config) as bot:
        for method, path in ENDPOINTS:
            answer = await bot.call(method, path, {"target": target_of(TWO_POOLS)} if method == "POST" else None)
            assert answer.status == 503, path
            assert "no valid configuration: daytwo.yaml" in answer.body["error"], path
        await bot.run_until(after(hours=1))
        assert (bot.calls, bot.started_operations()) == ([], [])


@async_test
async def test_a_first_configuration_is_loaded_without_a_restart(simulation: Running, tmp_path: Path) -> None:
    async with Bot(simulation, tmp_path, None) as bot:
        await bot.run_until(after(minutes=1))
        bot.config.write_text(CONFIG)
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=50))
        assert bot.run(run).state is State.DONE
        assert list(messages(simulation)) == [run, f"{run}.details"]


def configuration_message(simulation: Running) -> str:
    """The only message about the configuration."""
    ((reported,),) = [texts for key, texts in messages(simulation).items() if key.startswith("configuration.")]
    return reported


@async_test
async def test_an_invalid_configuration_blocks_new_work_until_it_is_fixed(bot: Bot, simulation: Running) -> None:
    async with bot:
        run = await bot.start_run(TWO_POOLS)
        await bot.run_until(after(minutes=2))
        bot.config.write_text(BROKEN)
        await bot.run_until(after(hours=2))
        # The pool in progress is completed, and the next one is not started. The endpoints stay available.
        assert bot.started_operations() == ["upgrade-node-image shop-dev system"]
        assert bot.run(run).code == "configuration"
        assert "is not valid" in configuration_message(simulation)
        assert (await bot.call("GET", f"runs/{run}")).status == 200
        bot.config.write_text(CONFIG)
        await bot.run_until(after(hours=4))
        assert bot.started_operations() == ["upgrade-node-image shop-dev system", "upgrade-node-image shop-dev user1"]
        assert bot.run(run).state is State.DONE
        assert "is valid again" in configuration_message(simulation)


@async_test
async def test_the_last_valid_configuration_survives_a_restart(simulation: Running, tmp_path: Path) -> None:
    async with Bot(simulation, tmp_path, CONFIG, engine_on_disk=True) as bot:
        run = await bot.start_run(TWO_POOLS)
    async with Bot(simulation, tmp_path, BROKEN, engine_on_disk=True) as bot:
        await bot.run_until(after(minutes=30))
        assert (bot.started_operations(), bot.run(run).code) == ([], "configuration")
        assert (await bot.call("GET", "runs")).status == 200
        bot.config.write_text(CONFIG)
        await bot.run_until(after(hours=2))
        assert bot.run(run).state is State.DONE


@async_test
async def test_calendars_are_fetched_only_by_the_timer(simulation: Running, tmp_path: Path) -> None:
    feed = f"{CONFIG}freezes: [{{ics: 'https://127.0.0.1:1/freeze.ics'}}]\n"
    async with Bot(simulation, tmp_path, feed) as bot:
        before = await bot.call("GET", "runs")
        await bot.run_until(after(minutes=6))
        then = await bot.call("GET", "runs")
        assert (before.status, then.status) == (503, 503)
        assert "it has not been fetched yet" in before.body["error"]
        assert "it cannot be fetched: [Errno 111] Connection refused" in then.body["error"]


def trusted(authority: str, other: Path) -> str:
    """A file with both authorities."""
    both = other.with_name("trusted.pem")
    both.write_bytes(Path(authority).read_bytes() + other.read_bytes())
    return str(both)


@pytest.mark.parametrize("attack", ["drip-headers", "to-metadata", "never"])
@async_test
async def test_a_hostile_calendar_stops_nothing_and_its_last_freezes_apply(
    simulation: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, attack: str
) -> None:
    monkeypatch.setattr(calendar_feeds, "TOTAL_S", 0.4)
    with hostile_calendar(tmp_path) as server:
        monkeypatch.setitem(
            simulation.environment, "CA_FILE", trusted(simulation.environment["CA_FILE"], server.ca_file)
        )
        async with Bot(simulation, tmp_path, f"{CONFIG}freezes: [{{ics: '{server.address()}'}}]\n") as bot:
            await bot.run_until(after(minutes=6))
            server.kind = attack
            run = await bot.start_run(TWO_POOLS)
            await bot.run_until(after(hours=13, minutes=10))
            assert bot.run(run).state is State.DONE
            assert len(server.requests) >= 2
            (condition,) = (await bot.call("GET", "conditions")).body
            assert (condition["what"], "cannot be read" in condition["text"]) == ("Calendars", True)
            assert (await bot.call("GET", "runs")).status == 200
