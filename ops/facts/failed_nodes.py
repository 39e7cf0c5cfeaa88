"""The nodes whose reboot was begun and not completed in the last seven nights, by uid."""

from collections.abc import Iterator
from datetime import timedelta

from ops.facts import FactQuery
from ops.model.run import Run, StepRecord, StepState
from ops.tables.runs import runs

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()

_NIGHTS = 7
_CORDONED = (StepState.DONE, StepState.UNDONE)


def gather(question: FactQuery) -> tuple[str, ...]:
    """Returns the uids from the records of the nightly runs: one record per night has a known key, so no others are read."""
    of_this_target = question.run.id.rsplit(".", 1)[0]
    nights = [f"{question.now - timedelta(days=ago):%Y-%m-%d}" for ago in range(_NIGHTS + 1)]
    read = (runs(question.ports.store).get(f"{of_this_target}.{night}") for night in nights)
    found = {uid for stored in read if stored is not None for uid in _failed(stored.value)}
    return tuple(sorted(found))


def _failed(run: Run) -> Iterator[str]:
    """Returns the nodes that the run cordoned and did not restart, whatever the reason, and those whose steps have failed."""
    records = (*run.finished, *run.steps)
    restarted = {_uid(each) for each in records if each.id.startswith("restart.") and each.state is StepState.DONE}
    for record in records:
        was_cordoned = record.id.startswith("cordon.") and record.state in _CORDONED
        if _uid(record) and _uid(record) not in restarted and (was_cordoned or record.failed):
            yield _uid(record)


def _uid(record: StepRecord) -> str:
    return record.params.get("uid", "")
