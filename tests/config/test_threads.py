"""Several threads can read the configuration at the same time, even right after the process has started."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Eight threads start at the same instant, as invocations do on a cold start.
CODE = """
import sys, threading
from pathlib import Path
from ops.config import load
text, barrier, read = Path("simulator/demo/daytwo.yaml").read_text(), threading.Barrier(8), []
def body():
    barrier.wait()
    read.append(load(text, "daytwo.yaml").hash)
threads = [threading.Thread(target=body) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
sys.exit(0 if len(set(read)) == 1 and len(read) == 8 else 1)
"""


def test_threads_that_read_the_first_configuration_simultaneously_do_not_crash_the_process() -> None:
    codes = [
        subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, check=False, capture_output=True).returncode  # noqa: S603 - this project's own code
        for _ in range(8)
    ]
    assert codes == [0] * 8
