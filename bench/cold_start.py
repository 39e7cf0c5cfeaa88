"""Compares a cold import of the app with that of only the two Functions libraries: median of eleven pairs of processes with bytecode."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_RUNS = 11


def measure() -> dict[str, float]:
    """Return the seconds that each whole process takes, and their ratio (goal: at most 1.25 for the imports)."""
    floor = "import azure.functions, azure.durable_functions"
    app = "import function_app"
    for code in (floor, app):
        _run(code)  # writes the bytecode
    pairs = [(_run(floor), _run(app)) for _ in range(_RUNS)]
    nothing = statistics.median(_run("pass") for _ in range(_RUNS))
    floor_s = statistics.median(pair[0] for pair in pairs)
    app_s = statistics.median(pair[1] for pair in pairs)
    return {
        "cold_import_floor_ms": 1000 * (floor_s - nothing),
        "cold_import_app_ms": 1000 * (app_s - nothing),
        "cold_import_ratio": (app_s - nothing) / (floor_s - nothing),
    }


def _run(code: str) -> float:
    """Return the seconds that one new process takes."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, env={**environment, "PYTHONPATH": str(ROOT)})
    return time.perf_counter() - start
