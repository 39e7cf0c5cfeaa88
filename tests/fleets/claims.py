"""What the bot said about clusters, pools and nodes, taken from its records and messages, for the oracle to judge."""

import re
from collections.abc import Iterator

from ops.model.run import Run, StepRecord, StepState
from ops.ports.store import Store
from ops.tables.refused_actions import refused_actions
from ops.tables.runs import runs
from simulator.oracle.statements import CHECKS, Statement

# How each kind of sentence in the evidence of a step, or in the lines of a report, becomes a statement.
_SENTENCES = (
    (
        re.compile(
            r"^(?P<subject>[^:]+): Azure reports (?P<text>\S+); (?P<number>\d+) of \d+ nodes run it and are Ready"
        ),
        "nodes-have",
    ),
    (re.compile(r"(?P<number>\d+) of \d+ nodes run (?P<text>\S+) and are Ready"), "nodes-have"),
    (re.compile(r"the cluster is running, (?P<number>\d+) of \d+ nodes are Ready"), "ready"),
    (re.compile(r"Azure reports the cluster as Stopped", re.IGNORECASE), "stopped"),
    (re.compile(r"^(?P<subject>\S+) has rebooted and is Ready"), "booted"),
    (re.compile(r"^(?P<subject>\S+) is still registered and not Ready"), "not-ready"),
    (re.compile(r"^(?P<subject>\S+) still exists and is Ready"), "still-ready"),
)
_ALL_NEWEST = re.compile(r"(?:^|; )(\d+) pools? compared: all run the newest image$")


def statements(store: Store) -> Iterator[Statement]:
    """Yield every statement of the runs that have ended, and of the open refusals."""
    for run in (stored.value for stored in runs(store).scan()):
        if run.ended is not None:
            yield from _of_run(run)
    for refused in (stored.value for stored in refused_actions(store).scan()):
        name = refused.target.rsplit("/", 1)[-1]
        yield Statement(refused.last, name, "refused", text=refused.cause)


def _of_run(run: Run) -> Iterator[Statement]:
    assert run.ended is not None
    for skip in run.skips:
        if skip.code.value in CHECKS:
            yield Statement(run.ended, run.target_name, skip.code.value, skip.what, text=skip.why)
    compared = _ALL_NEWEST.search(run.why)
    if compared:
        yield Statement(run.ended, run.target_name, "all-newest", number=int(compared[1]), text=run.why)
    if run.why.startswith("the cluster is asleep, as scheduled"):
        yield Statement(run.ended, run.target_name, "stopped", text=run.why)
    if run.why.startswith("the cluster is awake, as scheduled"):
        yield Statement(run.ended, run.target_name, "running", text=run.why)
    if run.runbook == "budget":
        text = " ".join((run.headline, *run.lines))
        yield Statement(run.ended, "", "budget", run.target_name, text=text)
    for line in run.lines:
        yield from _read(run, line, "")
    for step in (*run.finished, *run.steps):
        if step.state is StepState.DONE and step.ended is not None:
            yield from _of_step(run, step)


def _of_step(run: Run, step: StepRecord) -> Iterator[Statement]:
    pool = step.params.get("pool", step.id.partition(".")[2])
    for said in _read(run, step.evidence, pool):
        assert step.ended is not None
        yield Statement(step.ended, said.cluster, said.about, said.subject, said.number, said.text)


def _read(run: Run, sentence: str, subject: str) -> Iterator[Statement]:
    assert run.ended is not None
    for pattern, about in _SENTENCES:
        found = pattern.search(sentence)
        if found:
            parts = found.groupdict()
            text = parts.get("text", sentence)
            number = int(parts.get("number") or 0)
            yield Statement(run.ended, run.target_name, about, parts.get("subject", subject), number, text)
            return
