"""Pure: what a run is on its cluster's lane of the timeline."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from ops.model.calendar import Span
from ops.model.run import Run, StepState
from ops.render.timeline import Bar

# By runbook, how a bar is called; budgets are no cluster's, and told in chat.
_KINDS = {"node-image": "daytwo", "reboot": "reboot", "power": "power", "spot": "spot"}
_INSTANT = timedelta(minutes=1)


def bars_of(run: Run) -> Iterator[Bar]:
    """A bar for each step; a burst of evictions is one, and a budget's run none."""
    kind = _KINDS.get(run.runbook)
    if kind is None:
        return
    if run.runbook == "spot":
        # The nodes are gone within a minute; what people look for is the burst and its outcome.
        if run.acted and run.began is not None:
            yield Bar(
                Span(run.began, run.ended or run.began + _INSTANT), kind, run.headline or "spot nodes are evicted"
            )
        return
    for step in chain(run.finished, run.steps):
        ended = step.ended or step.expected_end
        if step.began is None or ended is None or ended <= step.began:
            continue
        drawn = "failed" if step.state is StepState.FAILED else kind
        yield Bar(Span(step.began, ended), drawn, f"{step.title}: {step.evidence or step.why or step.state}")
