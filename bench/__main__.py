"""`make bench`: runs every benchmark, prints a table, and writes `bench/results.json`."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

BENCHES = ("cold_start", "slack_endpoint", "approvals", "flood", "week", "engine", "memory")


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all benchmarks if none are named, each in its own process: one measures memory."""
    if not names:
        for name in BENCHES:
            subprocess.run([sys.executable, "-m", "bench", name], check=True)
        return
    results = Path(__file__).with_name("results.json")
    figures: dict[str, float] = json.loads(results.read_text()) if results.exists() else {}
    for name in names:
        print(f"{name} …", file=sys.stderr)
        measured = importlib.import_module(f"bench.{name}").measure()
        figures.update(measured)
        for figure, value in measured.items():
            print(f"  {figure:<46} {value:>10.2f}")
    results.write_text(json.dumps(dict(sorted(figures.items())), indent=1) + "\n")


main(sys.argv[1:])
