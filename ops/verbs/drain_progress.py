"""Shared by verbs that evict pods: determines how many pods have left, and whether the timeout has passed."""

from collections.abc import Sequence
from datetime import timedelta

from ops.model.outcome import Progress
from ops.model.workload import Pod
from ops.verbs.contract import StepContext


def drain_progress(task: StepContext, left: Sequence[Pod]) -> Progress:
    """Returns how many pods have left, given the pods that remain; the total is the highest number seen so far."""
    total = max(len(left), task.record.progress.total if task.record.progress else 0)
    return Progress(total - len(left), total, "pods")


def is_time_over(task: StepContext) -> bool:
    """Whether the step's `timeout_s` has passed, counted from its first attempt."""
    began = task.record.began or task.now
    return task.now - began >= timedelta(seconds=int(task.step.params["timeout_s"]))
