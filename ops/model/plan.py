"""A plan as data: what would be done, in what order, and why."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ops.model.reasons import SkipReason

# The risk of an upgrade in which AKS drains through PDBs, and the parameter of its steps.
FORCED = "forced"
# The parameter of an upgrade that may repair a failed pool.
REPAIRS = "repairs"


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a plan, executed by one verb.

    `params` say exactly what is done: the verb reads nothing else. They are part of the plan's hash; times are not.
    `expected_s` is the expected duration in seconds; the step can begin only if that much time is left before `deadline`.
    A `temporary` step is always undone at the end: a cluster that was started for its window is stopped again.
    """

    id: str
    verb: str
    title: str
    params: Mapping[str, str]
    expected_s: int = 0
    deadline: datetime | None = None
    temporary: bool = False

    @property
    def content(self) -> list[object]:
        """The step's exact content; two steps with the same content are the same step."""
        return [self.id, self.verb, dict(sorted(self.params.items())), self.temporary]


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease that a plan needs. All holders are on the same `side` (never in both regions of a pair at once).

    At most `capacity` holders belong to the same `group` (a ring).
    """

    name: str
    side: str = ""
    capacity: int = 1
    group: str = ""

    @classmethod
    def of_cluster(cls, cluster_id: str) -> "Claim":
        """Returns the claim to one cluster's lease, which only one run can hold at a time."""
        return cls(f"cluster.{cluster_id}")


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that the plan leaves out: the code and the reason. `needs_person` means that only a person can change that."""

    what: str
    code: SkipReason
    why: str
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered steps with their reasons and their predicted effect.

    `following` are steps that the same run is expected to plan later. This plan does not execute them, but approving it
    also approves them.
    """

    runbook: str
    target: str
    steps: tuple[Step, ...]
    claims: tuple[Claim, ...] = ()
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    skips: tuple[Skip, ...] = ()
    nodes: int = 0
    risk: str = ""
    following: tuple[Step, ...] = ()

    @property
    def hash(self) -> str:
        """A hash of target, steps, versions and risk, without times, costs or predictions: 12 hexadecimal digits."""
        facts: dict[str, object] = {
            "runbook": self.runbook,
            "target": self.target,
            "steps": [s.content for s in self.steps],
            "risk": self.risk,
        }
        if self.following:
            facts["following"] = [s.content for s in self.following]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]

    def step(self, step_id: str) -> Step:
        """Returns the step with this id.

        Raises:
            KeyError: the plan has no such step.
        """
        for step in self.steps:
            if step.id == step_id:
                return step
        raise KeyError(step_id)
