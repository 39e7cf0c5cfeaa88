"""A process that has loaded all modules can be forked, and each child can serve requests."""

import subprocess
import sys

CHILD = """
import asyncio, os, threading
import azure.durable_functions, azure_functions_runtime.native_invocation, grpc.aio
from tests.simulator.host.harness import HostHarness
assert threading.active_count() == 1, threading.enumerate()

async def serve() -> None:
    async with HostHarness() as harness:
        await harness.begin("parent", {"child": "chain", "input": 2, "id": "kid"}, "p")
        assert await harness.output("p") == {"child said": 1}

for _ in range(2):
    child = os.fork()
    if child == 0:
        asyncio.run(serve())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
print("both served")
"""


def test_a_preloaded_process_forks_and_each_child_serves() -> None:
    ended = subprocess.run([sys.executable, "-c", CHILD], check=False, capture_output=True, text=True, timeout=60)  # noqa: S603  # ourselves
    assert (ended.returncode, ended.stdout) == (0, "both served\n"), ended.stderr
