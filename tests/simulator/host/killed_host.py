"""A host in a separate process that is killed with SIGKILL: `python -m tests.simulator.host.killed_host STATE_DIR WHEN`.

WHEN is `before` or `after` (at the boundary of the activity `echo`), or `at-rest` (while everything waits).
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Literal

from durabletask.client import AsyncTaskHubGrpcClient

from tests.simulator.host.harness import Bench, at


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def die_at_an_activity(state_dir: Path, when: str) -> None:
    def boundary(moment: Literal["before", "after"], activity: str, instance_id: str) -> None:
        if (moment, activity, instance_id) == (when, "echo", "f"):
            die()

    async with Bench(state_dir, boundary=boundary) as bench:
        await bench.begin("fan_out", ["a", "b"], "f")


async def die_at_rest(state_dir: Path) -> None:
    async with Bench(state_dir) as bench, AsyncTaskHubGrpcClient(host_address=bench.host.rpc_address) as client:
        await bench.begin("approval", {"minutes": 30}, "waits")
        await bench.begin("approval", {"minutes": 90}, "was-told")
        await bench.begin("approval", {"minutes": 60}, "suspended")
        await bench.begin("approval", {"minutes": 60}, "terminated")
        await bench.begin("parent", {"child": "sleeper", "input": [40], "id": "kid"}, "parent")
        await bench.begin("generations", {"generation": 1}, "generations")
        await bench.begin("chain", 1, "purged")
        await client.schedule_new_orchestration("sleeper", input=[1], instance_id="delayed", start_at=at(25))
        await bench.host.run_until(at(20))
        await bench.raise_event("generations", "kept", "kept over the kill")
        await bench.raise_event("generations", "go on", None)
        await bench.manage("POST", "/suspended/suspend")
        await bench.raise_event("suspended", "decision", "yes")
        await bench.manage("POST", "/terminated/terminate")
        await bench.begin("sender", "was-told", "sender")
        await bench.manage("DELETE", "/purged")
        die()


if __name__ == "__main__":
    where, moment = Path(sys.argv[1]), sys.argv[2]
    asyncio.run(die_at_rest(where) if moment == "at-rest" else die_at_an_activity(where, moment))
