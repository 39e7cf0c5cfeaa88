"""Measures memory use after thousands of the app's runs were purged: dry runs on a simulated cluster, requested over HTTP."""

import asyncio
import os
import resource
import tempfile
from datetime import timedelta
from pathlib import Path

import aiohttp
import durabletask.internal.orchestrator_service_pb2 as pb

from ops.bootstrap import forget_wiring
from simulator.host.clock import RemoteClock
from simulator.host.host import Host
from simulator.host.work import RejectingContext
from simulator.running import simulation_process

ROOT = Path(__file__).resolve().parents[1]
_WARM = 500
_RUNS = 5_000
_BATCH = 50
# Azure throttles reads per subscription, but even a throttled run ends within this time. The first ten runs include
# the hourly timer, which imports modules once. All hundred runs end before a window opens.
_PAUSE = timedelta(minutes=7)
_KEY = "key-of-the-bench"
_CONFIG = ROOT / "simulator" / "demo" / "daytwo.yaml"


def measure() -> dict[str, float]:
    """Return the RSS in MB after 500 runs and after 5,000 runs, and the difference (goal: 5 MB)."""
    with simulation_process("--fleet", "demo") as world, tempfile.TemporaryDirectory() as folder:
        settings = {"DAYTWO_STATE": folder, "DAYTWO_CONFIG": str(_CONFIG)}
        os.environ.update({**world, **settings})
        forget_wiring()
        warm_mb, end_mb = asyncio.run(_live(world))
        for name in (*world, *settings):
            os.environ.pop(name, None)
        forget_wiring()
    return {
        "memory_after_500_runs_mb": warm_mb,
        "memory_after_5000_runs_mb": end_mb,
        "memory_growth_mb": end_mb - warm_mb,
    }


async def _live(world: dict[str, str]) -> tuple[float, float]:
    host = Host(ROOT, RemoteClock(world["CLOCK_URL"]), function_key=_KEY)
    url = await host.start()
    warm_mb = 0.0
    async with aiohttp.ClientSession(url, headers={"x-functions-key": _KEY}) as http:
        for first in range(0, _RUNS, _BATCH):
            await asyncio.gather(*(_begin(http, world, number) for number in range(first, first + _BATCH)))
            await host.run_until(host.now() + _PAUSE)
            _purge(host)
            if first + _BATCH == _WARM:
                warm_mb = _resident_mb()
    end_mb = _resident_mb()
    await host.stop()
    return warm_mb, end_mb


async def _begin(http: aiohttp.ClientSession, world: dict[str, str], number: int) -> None:
    # The cluster is stopped, so its nodes are not read.
    group = f"/subscriptions/{world['SUBSCRIPTION']}/resourceGroups/rg-shop"
    target = f"{group}/providers/Microsoft.ContainerService/managedClusters/shop-test"
    headers = {"Idempotency-Key": f"{number:06}"}
    async with http.post(
        "/api/runbooks/node-image", json={"target": target, "dry_run": True}, headers=headers
    ) as answer:
        answer.raise_for_status()


def _purge(host: Host) -> None:
    """Purge the runs, as the janitor would two weeks after their end. Fails if a run has not completed, because it is not purged."""
    finished = pb.PurgeInstanceFilter(runtimeStatus=[pb.ORCHESTRATION_STATUS_COMPLETED])
    answer = host.engine.PurgeInstances(pb.PurgeInstancesRequest(purgeInstanceFilter=finished), RejectingContext())
    if answer.deletedInstanceCount < _BATCH:  # possibly more, because timers also start runs
        raise RuntimeError(f"{answer.deletedInstanceCount} of {_BATCH} runs completed: the others are not measured")


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
