"""Runs a host in a separate process that is killed with SIGKILL.

`python -m tests.simulator.host.killed_host STATE_DIR WHEN`, where WHEN is `before` or `after` (the activity `echo`), or
`at-rest` (while everything waits).
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Literal

from durabletask.client import AsyncTaskHubGrpcClient

from tests.simulator.host.harness import HostHarness, at


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def die_at_an_activity(state_dir: Path, when: str) -> None:
    def boundary(moment: Literal["before", "after"], activity: str, instance_id: str) -> None:
        if (moment, activity, instance_id) == (when, "echo", "f"):
            die()

    async with HostHarness(state_dir, boundary=boundary) as harness:
        await harness.begin("fan_out", ["a", "b"], "f")


async def die_at_rest(state_dir: Path) -> None:
    async with (
        HostHarness(state_dir) as harness,
        AsyncTaskHubGrpcClient(host_address=harness.host.rpc_address) as client,
    ):
        await harness.begin("approval", {"minutes": 30}, "waits")
        await harness.begin("approval", {"minutes": 90}, "was-told")
        await harness.begin("approval", {"minutes": 60}, "suspended")
        await harness.begin("approval", {"minutes": 60}, "terminated")
        await harness.begin("parent", {"child": "sleeper", "input": [40], "id": "kid"}, "parent")
        await harness.begin("generations", {"generation": 1}, "generations")
        await harness.begin("chain", 1, "purged")
        await client.schedule_new_orchestration("sleeper", input=[1], instance_id="delayed", start_at=at(25))
        await harness.host.run_until(at(20))
        await harness.raise_event("generations", "kept", "kept over the kill")
        await harness.raise_event("generations", "go on", None)
        await harness.manage("POST", "/suspended/suspend")
        await harness.raise_event("suspended", "decision", "yes")
        await harness.manage("POST", "/terminated/terminate")
        await harness.begin("sender", "was-told", "sender")
        await harness.manage("DELETE", "/purged")
        die()


if __name__ == "__main__":
    where, moment = Path(sys.argv[1]), sys.argv[2]
    asyncio.run(die_at_rest(where) if moment == "at-rest" else die_at_an_activity(where, moment))
