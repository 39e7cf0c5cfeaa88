"""Measures the local engine: its throughput in memory and with a file, a week of timers, and whether purging keeps its memory constant."""

import asyncio
import json
import resource
import sys
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import durabletask.internal.orchestrator_service_pb2 as pb
from durabletask.internal.helpers import get_string_value

from simulator.host.clock import LocalClock
from simulator.host.host import Host
from simulator.host.work import RejectingContext

APP = Path(__file__).resolve().parents[1] / "tests" / "simulator" / "host" / "app"
START = datetime(2026, 11, 16, tzinfo=UTC)
_YIELDS = 22
_OPERATIONS = 200
_PURGED = 5_000
_BATCH = 50
_WARM_UP = 500


def measure() -> dict[str, float]:
    """Return operations (22 yields each) per second (goals: 36, 25), seconds for a week of 2,184 timer runs (8), and MB of growth (0)."""
    with tempfile.TemporaryDirectory() as folder:
        in_memory = asyncio.run(_throughput(None))
        return {
            "engine_memory_ops_per_s": in_memory,
            "engine_overhead_ms_per_run": 1000 / in_memory - _direct_ms(),
            "engine_file_ops_per_s": asyncio.run(_throughput(Path(folder))),
            "engine_week_of_timers_s": asyncio.run(_week_s()),
            "engine_growth_after_5000_purged_mb": asyncio.run(_growth_mb()),
        }


async def _throughput(state_dir: Path | None) -> float:
    host = Host(APP, LocalClock(START), state_dir)
    await host.start()
    began = time.perf_counter()
    await _operations(host, 0, _OPERATIONS)
    rate = _OPERATIONS / (time.perf_counter() - began)
    await host.stop()
    return rate


def _direct_ms() -> float:
    """Run one operation's orchestrator and activities directly, without an engine."""
    flows = sys.modules["flows"]  # already loaded by the host

    class Direct:
        def call_activity(self, name: str, **given: object) -> object:
            return getattr(flows, name)(None, given["input"])

    began = time.perf_counter()
    for _ in range(_OPERATIONS):
        running, result = flows.chain(Direct(), _YIELDS), None
        with suppress(StopIteration):
            while True:
                result = running.send(result)
    return 1000 * (time.perf_counter() - began) / _OPERATIONS


async def _week_s() -> float:
    host = Host(APP, LocalClock(START))
    await host.start()
    began = time.perf_counter()
    await host.run_until(START + timedelta(days=7))
    took = time.perf_counter() - began
    await host.stop()
    return took


async def _growth_mb() -> float:
    """Return the growth in memory after 5,000 operations were completed and purged, following a warm-up of 500."""
    host = Host(APP, LocalClock(START))
    await host.start()
    warm_mb = 0.0
    for first in range(0, _PURGED + _WARM_UP, _BATCH):
        if first == _WARM_UP:
            warm_mb = _resident_mb()
        await _operations(host, first, _BATCH)
        _purge(host)
    grown_mb = _resident_mb() - warm_mb
    await host.stop()
    return grown_mb


async def _operations(host: Host, first: int, count: int) -> None:
    for number in range(first, first + count):
        given = get_string_value(json.dumps(_YIELDS))
        started_ids = pb.CreateInstanceRequest(instanceId=f"o{number}", name="chain", input=given)
        host.engine.StartInstance(started_ids, RejectingContext())
    await host.settle()


def _purge(host: Host) -> None:
    finished = pb.PurgeInstanceFilter(runtimeStatus=[pb.ORCHESTRATION_STATUS_COMPLETED])
    host.engine.PurgeInstances(pb.PurgeInstancesRequest(purgeInstanceFilter=finished), RejectingContext())


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6
