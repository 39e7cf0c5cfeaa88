"""Measures how long the demonstration's week takes without its page: twelve clusters over seven days, judged by the oracle."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def measure() -> dict[str, float]:
    """Return how many real seconds `daytwo demo --headless` takes, including startup (goal: less than 60).

    Raises:
        CalledProcessError: the demonstration failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        summary = Path(folder) / "week.json"
        command = [sys.executable, "-m", "ops.cli", "demo", "--headless", "--days", "7", "--json", str(summary)]
        began = time.perf_counter()
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        took_s = time.perf_counter() - began
        json.loads(summary.read_text())  # the whole summary has been written
    return {"week_wall_s": took_s}
