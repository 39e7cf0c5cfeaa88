"""A simulated world that was killed continues with the same addresses, keys and state."""

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path

import httpx

from simulator.fleets import demo_fleet
from simulator.http_types import JsonObject
from simulator.running import SimulatedCredential, control
from simulator.simulation import Simulation


async def one_life(folder: Path, hours: int, *, upgrade: bool = False) -> tuple[dict[str, str], JsonObject]:
    """Serve the world for this many hours, and begin an upgrade first if requested. Return its settings and its state."""
    simulation = Simulation(demo_fleet())
    simulation.keep_in(folder)
    await simulation.start()
    environment = simulation.environment()
    if upgrade:
        await asyncio.to_thread(begin_upgrade, environment)
    to = simulation.world.now + timedelta(hours=hours)
    while await simulation.clock.advance(to) < to:
        pass
    state = await asyncio.to_thread(control, environment, "/world")
    await simulation.stop()
    return environment, state


def begin_upgrade(environment: dict[str, str]) -> None:
    """Upgrade the first pool of the named cluster as a client of ARM would."""
    token = SimulatedCredential(environment).get_token(f"{environment['ARM_URL']}/.default").token
    cluster = (
        f"{environment['ARM_URL']}/subscriptions/{environment['SUBSCRIPTION']}/resourceGroups/{environment['RESOURCE_GROUP']}"
        f"/providers/Microsoft.ContainerService/managedClusters/{environment['CLUSTER']}"
    )
    version, trust = {"api-version": "2026-08-01"}, ssl.create_default_context(cafile=environment["CA_FILE"])
    with httpx.Client(verify=trust, headers={"Authorization": f"Bearer {token}"}, params=version) as client:
        pool = client.get(f"{cluster}/agentPools").json()["value"][0]["name"]
        assert client.post(f"{cluster}/agentPools/{pool}/upgradeNodeImageVersion").status_code == 202


def test_a_world_continues_where_it_was(tmp_path: Path) -> None:
    first, before = asyncio.run(one_life(tmp_path / "a", 3, upgrade=True))
    second, after = asyncio.run(one_life(tmp_path / "a", 0))
    assert after == before
    assert {name: second[name] for name in ("ARM_URL", "CLOCK_URL", "IDENTITY_HEADER", "CA_FILE")} == {
        name: first[name] for name in ("ARM_URL", "CLOCK_URL", "IDENTITY_HEADER", "CA_FILE")
    }


def test_a_world_that_was_interrupted_ends_like_one_that_was_not(tmp_path: Path) -> None:
    _, whole = asyncio.run(one_life(tmp_path / "whole", 9, upgrade=True))
    asyncio.run(one_life(tmp_path / "parts", 4, upgrade=True))
    with (tmp_path / "parts" / "requests.jsonl").open("a") as log:
        log.write('{"at": "2026-11-16T')
    _, parts = asyncio.run(one_life(tmp_path / "parts", 5))
    assert parts == whole


def test_without_a_folder_each_world_has_its_own_keys(tmp_path: Path) -> None:
    first, _ = asyncio.run(one_life(tmp_path / "a", 0))
    second, _ = asyncio.run(one_life(tmp_path / "b", 0))
    assert first["IDENTITY_HEADER"] != second["IDENTITY_HEADER"]
