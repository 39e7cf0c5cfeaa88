"""Accepts the current tags of a cluster, so that they apply from now on (docs/tags.md); verified by the record."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ops.model.arm_actions import READ_CLUSTER
from ops.model.azure_names import azure_key
from ops.model.outcome import Done, Pending, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.tags import AcceptedTags
from ops.ports.errors import ConflictError
from ops.tables.accepted_tags import accepted_tags, accepted_tags_of
from ops.tables.base import Stored
from ops.verbs.contract import StepContext

_CHANGED = "its tags have changed since they were read for this plan"


@dataclass(frozen=True, slots=True)
class AcceptTags:
    """`params`: accepted and tags (JSON, the tags that the configuration reads, before and after; null means none), effect.

    It changes nothing in Azure.
    """

    name: str = "accept-tags"
    actions: frozenset[str] = frozenset({READ_CLUSTER})
    kubernetes: frozenset[str] = frozenset()
    on_cancel: Literal["finish", "abort"] = "finish"
    undo: str = ""

    def check(self, task: StepContext) -> Ready | Done | Pending | Refused | Stale:
        """Reads the cluster and the record again: exactly the tags of the plan are accepted, or none."""
        if _is_accepted(task):
            return Done(_evidence(task))
        found = _found(task)
        return found if isinstance(found, Stale) else Ready()

    def begin(self, task: StepContext) -> Pending | Done | Refused | Stale:
        """Writes the record, unless anything has changed since."""
        found = _found(task)
        if isinstance(found, Stale):
            return found
        stored, tags = found
        try:
            accepted_tags(task.ports.store).replace(stored, replace(stored.value, tags=tags, at=task.now))
        except ConflictError:
            return Stale(_CHANGED)
        return Done(_evidence(task))

    def poll(self, task: StepContext) -> Pending | Done | Refused:
        """Returns Done, because writing the record is one call."""
        return Done(f"the record of {task.target} is written")

    def verify(self, task: StepContext) -> Done | Pending | Refused:
        """Verifies that the record contains the tags."""
        if _is_accepted(task):
            return Done(_evidence(task))
        cause = "the record does not contain the accepted tags"
        return Refused(FailureCode.NOT_VERIFIED, cause, "check the tags of the cluster, then start the run again")


VERB = AcceptTags()


def _found(task: StepContext) -> tuple[Stored[AcceptedTags], dict[str, str]] | Stale:
    """Returns the record and the cluster's tags, if both still are what the plan says."""
    cluster = task.ports.clusters.cluster(task.target)
    stored = accepted_tags_of(task.ports.store, task.target)
    if stored is None or not stored.value.is_of(cluster.resource_uid):
        return Stale("it is another cluster now, so there is nothing to accept")
    params = task.step.params
    if not _are(cluster.tags, params["tags"]) or not _are(stored.value.tags, params["accepted"]):
        return Stale(_CHANGED)
    return stored, dict(cluster.tags)


def _is_accepted(task: StepContext) -> bool:
    stored = accepted_tags_of(task.ports.store, task.target)
    return stored is not None and _are(stored.value.tags, task.step.params["tags"])


def _are(tags: Mapping[str, str], wanted: str) -> bool:
    folded = {azure_key(key): value for key, value in tags.items()}
    planned: dict[str, str | None] = json.loads(wanted)
    return all(folded.get(key) == value for key, value in planned.items())


def _evidence(task: StepContext) -> str:
    return f"accepted: {task.step.params['effect']}"
