"""The nodes whose reboot has failed in the last seven nights, by uid."""

from collections.abc import Iterator
from datetime import timedelta

from ops.facts import FactQuery
from ops.model.run import Run, StepState
from ops.tables.runs import runs

ACTIONS = frozenset[str]()
KUBERNETES = frozenset[str]()

_NIGHTS = 7


def gather(question: FactQuery) -> tuple[str, ...]:
    """Returns the uids from the records of the nightly runs: one record per night has a known key, so no others are read."""
    of_this_target = question.run.id.rsplit(".", 1)[0]
    nights = [f"{question.now - timedelta(days=ago):%Y-%m-%d}" for ago in range(_NIGHTS + 1)]
    read = (runs(question.ports.store).get(f"{of_this_target}.{night}") for night in nights)
    found = {uid for stored in read if stored is not None for uid in _failed(stored.value)}
    return tuple(sorted(found))


def _failed(run: Run) -> Iterator[str]:
    for record in run.steps:
        if (record.failed or record.state is StepState.FAILED) and record.params.get("uid"):
            yield record.params["uid"]
