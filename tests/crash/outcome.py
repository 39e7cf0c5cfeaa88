"""A scenario's outcome, without times, as shown by the world's journal, Slack, and the bot's records."""

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

from ops.adapters.file_ledger import FileLedger
from ops.adapters.sqlite_store import SqliteStore
from ops.tables.leases import leases
from ops.tables.messages import messages
from ops.tables.runs import rollouts, runs
from simulator.running import control
from simulator.world.specs import PRINCIPAL

# Durations and times of day depend on when the second process started.
_TIMES = re.compile(
    r"<!date[^>]*>"
    r"|(?<=· )(\d+ ?(d|h|min|s)\b ?)+"
    r"|\b(took|in) (\d+ ?(d|h|min|s)\b ?)+"
    r"|\b\d{1,2}:\d{2}(:\d{2})?\b"
    r"|\d{4}-\d\d-\d\dT[\d:.+Z]+"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one execution. Executions with equal outcomes are equivalent."""

    operations: dict[str, int]
    messages: dict[str, list[str]]
    runs: dict[str, list[str]]
    leases_held: list[str]
    unsent: list[str]

    def without_causes(self) -> "Outcome":
        """The outcome without the causes of failures; states, steps, and message counts remain."""
        return replace(
            self,
            messages={key: [""] * len(shown) for key, shown in self.messages.items()},
            runs={
                run: [reported[0], *(" ".join(step.split()[:2]) for step in reported[2:])]
                for run, reported in self.runs.items()
            },
        )

    def differences(self, other: "Outcome") -> list[str]:
        """The differences from another outcome, one per line."""
        mine, theirs = _flat(asdict(self)), _flat(asdict(other))
        names = dict.fromkeys((*mine, *theirs))
        changed = [name for name in names if mine.get(name) != theirs.get(name)]
        return [f"{name}: {mine.get(name)} became {theirs.get(name)}" for name in changed]


def _flat(output: dict[str, Any]) -> dict[str, object]:
    """The values flattened to a single level of keys, so that a comparison shows only what differs."""
    flat: dict[str, object] = {}
    for name, value in output.items():
        inner = value if isinstance(value, dict) else {"": value}
        flat |= {f"{name} {key}": content for key, content in inner.items()}
    return flat


def outcome(environment: dict[str, str], folder: Path, days: list[str]) -> Outcome:
    """Read the outcome.

    Raises:
        LedgerBrokenError: the ledger's hash chain is broken.
    """
    store, ledger = SqliteStore(folder / "store.sqlite"), FileLedger(folder / "ledger")
    if not [entry for day in days for entry in ledger.entries(day)]:
        raise ValueError(f"{folder}: nothing is in the ledger of {', '.join(days)}")
    found = Outcome(
        operations=_operations(environment),
        messages=_messages(environment),
        runs=_runs(store),
        leases_held=[
            f"{stored.key}: {holder.run}" for stored in leases(store).scan() for holder in stored.value.holders
        ],
        unsent=[stored.key for stored in messages(store).scan() if stored.value.dirty],
    )
    store.close()
    return found


def _operations(environment: dict[str, str]) -> dict[str, int]:
    entries = cast("list[dict[str, Any]]", control(environment, "/journal")["entries"])
    begun = (entry for entry in entries if entry["kind"] == "operation-begun" and entry["detail"]["who"] == PRINCIPAL)
    return dict(
        sorted(Counter(f"{entry['detail']['what']} {entry['cluster']} {entry['pool']}" for entry in begun).items())
    )


def _messages(environment: dict[str, str]) -> dict[str, list[str]]:
    """The content of every message, by key."""
    shown: dict[str, list[str]] = {}
    for channel in cast("list[dict[str, Any]]", control(environment, "/slack")["channels"]):
        for message in channel["messages"]:
            key = message["metadata"]["event_payload"]["key"]
            content = json.dumps([message["text"], message["blocks"]], sort_keys=True, ensure_ascii=False)
            shown.setdefault(key, []).append(_TIMES.sub("…", content))
    return dict(sorted(shown.items()))


def _runs(store: SqliteStore) -> dict[str, list[str]]:
    found = {}
    for run in (stored.value for stored in runs(store).scan()):
        steps = [f"{step.id} {step.state} {step.evidence or step.why}" for step in (*run.finished, *run.steps)]
        found[run.id] = [str(run.state), run.code, *steps]
    for rollout in (stored.value for stored in rollouts(store).scan()):
        found[rollout.id] = [str(rollout.state)]
    return found


def days_of(start: datetime, end: datetime) -> list[str]:
    """The days that a scenario spans, in the ledger's format."""
    return [f"{start + timedelta(days=n):%Y-%m-%d}" for n in range((end.date() - start.date()).days + 1)]
