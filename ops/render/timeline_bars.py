"""Pure: the bars of a run in its cluster's lane of the timeline."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain

from ops.model.calendar import Span
from ops.model.run import Run, StepState
from ops.render.timeline import Bar
from ops.runbooks import runbooks

_INSTANT = timedelta(minutes=1)


def bars_of(run: Run) -> Iterator[Bar]:
    """Returns one bar per step or one for the whole run, as its runbook declares; no bars if the runbook declares none or is unknown."""
    runbook = runbooks().get(run.runbook)
    if runbook is None or runbook.bar is None:
        return
    bar = runbook.bar
    if bar.whole_run:
        if run.acted and run.began is not None:
            yield Bar(Span(run.began, run.ended or run.began + _INSTANT), bar.kind, run.headline or bar.label)
        return
    for step in chain(run.finished, run.steps):
        ended = step.ended or step.expected_end
        if step.began is None or ended is None or ended <= step.began:
            continue
        drawn = "failed" if step.state is StepState.FAILED else bar.kind
        yield Bar(Span(step.began, ended), drawn, f"{step.title}: {step.evidence or step.why or step.state}")
