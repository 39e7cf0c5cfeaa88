"""The context of every activity and endpoint."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ops.config.config_file import ConfigState
from ops.model.ledger import Entry
from ops.model.run import Run, StepRecord
from ops.ports.bundle import Ports
from ops.ports.runtime import Engine
from ops.tables.base import Stored, Table
from ops.tables.runs import Control, controls, runs
from ops.telemetry.log_fields import set_log_fields


@dataclass(frozen=True, slots=True)
class Context:
    """The ports, the engine of this invocation, and the current configuration."""

    ports: Ports
    engine: Engine
    config: ConfigState

    @property
    def runs(self) -> Table[Run]:
        """The run records."""
        return runs(self.ports.store)

    def control(self, subject: str) -> Control:
        """The controls of runs and rollouts: whether each has been cancelled or paused."""
        stored = controls(self.ports.store).get(subject)
        return stored.value if stored else Control()

    def note(self, at: datetime, run: Run, kind: str, text: str, **data: str) -> None:
        """Writes one ledger entry, once per event and run."""
        key = f"{run.id}|{kind}|{data.pop('key', '')}"
        self.ports.ledger.append(Entry(key, at, kind, run.id, text, data={"target": run.target, **data}))


def with_step(run: Run, record: StepRecord) -> Run:
    """Returns the run with one step's record replaced."""
    return replace(run, steps=tuple(record if old.id == record.id else old for old in run.steps))


def run_of(context: Context, payload: Mapping[str, object]) -> Stored[Run]:
    """Returns the run for which an activity was called.

    Raises:
        NotFoundError: there is no such run.
    """
    stored = context.runs.must_get(str(payload["run"]))
    set_log_fields(run=stored.key, cluster=stored.value.target_name, runbook=stored.value.runbook)
    return stored
