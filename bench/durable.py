"""How fast the local engine is, and that purging keeps its memory flat: `python bench/durable.py`."""

import asyncio
import json
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import durabletask.internal.orchestrator_service_pb2 as pb  # noqa: E402  # after the path
from google.protobuf.wrappers_pb2 import StringValue  # type: ignore[attr-defined]  # noqa: E402  # generated at import

from simulator.host.clock import LocalClock  # noqa: E402
from simulator.host.host import Host  # noqa: E402
from simulator.host.work import Refusing  # noqa: E402

APP = ROOT / "tests" / "simulator" / "host" / "app"
START = datetime(2026, 11, 16, tzinfo=UTC)
YIELDS = 22


async def operations(host: Host, first: int, count: int) -> None:
    for number in range(first, first + count):
        asked = pb.CreateInstanceRequest(
            instanceId=f"o{number}", name="chain", input=StringValue(value=json.dumps(YIELDS))
        )
        host.engine.StartInstance(asked, Refusing())
    await host.settle()


def purge(host: Host) -> None:
    finished = pb.PurgeInstanceFilter(runtimeStatus=[pb.ORCHESTRATION_STATUS_COMPLETED])
    host.engine.PurgeInstances(pb.PurgeInstancesRequest(purgeInstanceFilter=finished), Refusing())


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def throughput(state_dir: Path | None) -> float:
    host = Host(APP, LocalClock(START), state_dir)
    await host.start()
    began = time.perf_counter()
    await operations(host, 0, 200)
    rate = 200 / (time.perf_counter() - began)
    await host.stop()
    return rate


async def week_s() -> float:
    host = Host(APP, LocalClock(START))
    await host.start()
    began = time.perf_counter()
    await host.run_until(START + timedelta(days=7))
    took = time.perf_counter() - began
    await host.stop()
    return took


async def growth_mb(count: int) -> float:
    """How much memory `count` finished and purged operations leave behind, after a warm-up of a tenth."""
    host = Host(APP, LocalClock(START))
    await host.start()
    warm = 0.0
    for batch in range(count // 50):
        await operations(host, batch * 50, 50)
        purge(host)
        if batch == count // 500:
            warm = resident_mb()
    grown = resident_mb() - warm
    await host.stop()
    return grown


def main() -> None:
    """Print the table; the last line is the flat map."""
    results = {"durable_memory_ops_per_s": asyncio.run(throughput(None))}
    with tempfile.TemporaryDirectory() as folder:
        results["durable_file_ops_per_s"] = asyncio.run(throughput(Path(folder)))
    results["durable_week_of_timers_s"] = asyncio.run(week_s())
    results["durable_growth_after_5000_purged_mb"] = asyncio.run(growth_mb(int(sys.argv[1]) if sys.argv[1:] else 5000))
    for name, value in results.items():
        print(f"{name:40} {value:8.1f}")
    print(json.dumps(results))


if __name__ == "__main__":
    main()
