"""The result of the simulated days: a table for people and a flat JSON document for programs."""

from collections import Counter
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from ops.model.approval import Approval
from ops.render.phrases import plural
from simulator.demo.operations import Operation, total_operations
from simulator.demo.tally import BY_AKS, UPGRADED
from simulator.demo.week import SimulatedTime

type Number = int | float
type Document = dict[str, Number | dict[str, int] | dict[str, dict[str, int]] | list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """One request for approval and its decision: who made it, and through which chat or endpoint."""

    id: str
    ring: str
    state: str
    by: str
    via: str

    @classmethod
    def of(cls, approval: Approval) -> "RequestSummary":
        """The summary of a request."""
        return cls(approval.id, approval.ring, str(approval.state), approval.decided_by, approval.decided_via)

    def document(self) -> dict[str, str]:
        """The summary as JSON."""
        return {"id": self.id, "ring": self.ring, "state": self.state, "by": self.by, "via": self.via}


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over all weeks. A pool counts once per week that was started.

    `eligible` is the oracle's number. `total = upgraded + by_aks + the sum of skipped` always holds.
    """

    total: int
    upgraded: int
    by_aks: int
    skipped: dict[str, int]
    eligible: int
    runs: int
    messages_sent: int
    messages_edited: int
    virtual_days: int
    wall_s: float
    violations: tuple[str, ...]
    differences: tuple[str, ...]
    operations: tuple[Operation, ...]
    thread_replies: int = 0
    approvals: tuple[RequestSummary, ...] = ()

    @classmethod
    def of(cls, simulated: SimulatedTime, wall_s: float) -> "Summary":
        """Summarize the simulated time. Simulating it took `wall_s` real seconds."""
        roots = [message for message in simulated.chat if not message.thread and not message.only_for]
        counts: Counter[str] = sum((week.tally.counts() for week in simulated.weeks), Counter())
        return cls(
            total=counts.total(),
            upgraded=counts[UPGRADED],
            by_aks=counts[BY_AKS],
            skipped={reason: n for reason, n in sorted(counts.items()) if reason not in (UPGRADED, BY_AKS)},
            eligible=sum(len(week.verdict.eligible) for week in simulated.weeks),
            runs=sum(len(week.runs) for week in simulated.weeks),
            messages_sent=len(roots),
            messages_edited=sum(message.edits for message in roots),
            virtual_days=simulated.days,
            wall_s=round(wall_s, 1),
            violations=tuple(line for week in simulated.weeks for line in week.verdict.violations),
            differences=tuple(str(one) for week in simulated.weeks for one in week.differences),
            operations=total_operations(week.operations for week in simulated.weeks),
            thread_replies=sum(1 for message in simulated.chat if message.thread),
            approvals=tuple(RequestSummary.of(approval) for approval in simulated.approvals),
        )

    @property
    def good(self) -> bool:
        """Whether no rule was violated and every pool and operation ended as the oracle expects."""
        agreed = all(operation.as_expected for operation in self.operations)
        return agreed and not (self.violations or self.differences)

    def document(self) -> Document:
        """The summary as JSON."""
        return {
            "pools_total": self.total,
            "pools_upgraded": self.upgraded,
            "pools_by_aks": self.by_aks,
            "pools_skipped": self.skipped,
            "pools_eligible": self.eligible,
            "runs": self.runs,
            "messages_sent": self.messages_sent,
            "messages_edited": self.messages_edited,
            "thread_replies": self.thread_replies,
            "virtual_days": self.virtual_days,
            "wall_s": self.wall_s,
            "operations": {operation.runbook: operation.document() for operation in self.operations},
            "approvals": [request.document() for request in self.approvals],
        }

    def show(self, console: Console) -> None:
        """Print the table, and list everything that is not as expected."""
        console.print(self._table())
        for title, lines in (("Violated", self.violations), ("Daytwo and the oracle differ", self.differences)):
            if lines:
                console.print(f"\n[bold]{title}[/bold]")
            for line in lines:
                console.print(f"  {line}", markup=False)

    def _decisions(self) -> str:
        """A text such as `2 approved by ana in slack, 1 expired`."""
        counts = Counter(f"{one.state} by {one.by} in {one.via}" if one.by else one.state for one in self.approvals)
        return ", ".join(f"{number} {text}" for text, number in counts.items())

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column("what", min_width=26)
        table.add_column("number", justify="right")
        table.add_column("source", style="dim")
        for row in self._rows():
            table.add_row(*row)
        return table

    def _rows(self) -> list[tuple[str, str, str]]:
        differ = len(self.differences)
        return [
            ("Pools", str(self.total), f"in {plural(self.virtual_days, 'day')}, simulated in {self.wall_s:.0f} s"),
            ("  upgraded by Daytwo", str(self.upgraded), f"every node checked; {self.eligible} eligible (oracle)"),
            ("  upgraded by AKS", str(self.by_aks), "observed, never changed by Daytwo"),
            *(
                (f"  skipped: {reason}", str(number), _REASONS.get(reason, ""))
                for reason, number in self.skipped.items()
            ),
            ("Runs", str(self.runs), "one message for each run that does something"),
            *((f"  {one.runbook}", str(one.runs), one.text()) for one in self.operations),
            *([("Approvals requested", str(len(self.approvals)), self._decisions())] if self.approvals else []),
            (
                "Messages",
                str(self.messages_sent),
                f"edited {self.messages_edited} times, {self.thread_replies} replies",
            ),
            ("Rules violated", str(len(self.violations)), "judged by the oracle from the world alone"),
            ("Differing outcomes", str(differ), "Daytwo's records compared with the oracle"),
        ]


_REASONS = {
    "no-ring": "no configured ring selects the cluster",
    "snapshot": "a snapshot fixes the image",
    "node-auto-provisioning": "replaced by node auto-provisioning",
    "unknown-image": "an image that could not be read",
    "already-latest": "every node has the newest image",
    "pool-failed": "needs a person",
    "never-fits": "takes longer than any window",
    "asleep": "stopped during its windows",
    "busy": "another operation never ended",
    "unproven": "its image was not proven in the previous ring",
    "no-window-left": "no window left enough time",
    "run-failed": "a step of its run failed",
    "halted": "the rollout halted",
    "rejected": "an approver rejected it",
    "not-approved": "not approved in time",
    "not-yet": "the week is not over",
    "not-proven": "the record says upgraded, the nodes do not",
}
