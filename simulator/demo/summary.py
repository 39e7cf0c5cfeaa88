"""What came of the days: a table for people, a flat document for programs."""

from collections import Counter
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from ops.model.approval import Approval
from ops.render.phrases import plural
from simulator.demo.operations import Operation, added
from simulator.demo.tally import BY_AKS, UPGRADED
from simulator.demo.week import SimulatedTime

type Number = int | float
type Document = dict[str, Number | dict[str, int] | dict[str, dict[str, int]] | list[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """One request for approval, and what came of it: by whom, at which endpoint."""

    id: str
    ring: str
    state: str
    by: str
    door: str

    @classmethod
    def of(cls, approval: Approval) -> "RequestSummary":
        """What is told of a request."""
        return cls(approval.id, approval.ring, str(approval.state), approval.decided_by, approval.decided_via)

    def document(self) -> dict[str, str]:
        """The same for programs."""
        return {"id": self.id, "ring": self.ring, "state": self.state, "by": self.by, "door": self.door}


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over all weeks: a pool counts once in each week that was begun.

    `eligible` is the oracle's number; the identity is `total = upgraded + by_aks + the sum of skipped`.
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
    def of(cls, lived: SimulatedTime, wall_s: float) -> "Summary":
        """The summary of what was lived through in so many real seconds."""
        roots = [message for message in lived.chat if not message.thread and not message.only_for]
        counts: Counter[str] = sum((week.tally.counts() for week in lived.weeks), Counter())
        return cls(
            total=counts.total(),
            upgraded=counts[UPGRADED],
            by_aks=counts[BY_AKS],
            skipped={reason: n for reason, n in sorted(counts.items()) if reason not in (UPGRADED, BY_AKS)},
            eligible=sum(len(week.verdict.eligible) for week in lived.weeks),
            runs=sum(len(week.runs) for week in lived.weeks),
            messages_sent=len(roots),
            messages_edited=sum(message.edits for message in roots),
            virtual_days=lived.days,
            wall_s=round(wall_s, 1),
            violations=tuple(line for week in lived.weeks for line in week.verdict.violations),
            differences=tuple(str(one) for week in lived.weeks for one in week.differences),
            operations=added(week.operations for week in lived.weeks),
            thread_replies=sum(1 for message in lived.chat if message.thread),
            approvals=tuple(RequestSummary.of(approval) for approval in lived.approvals),
        )

    @property
    def good(self) -> bool:
        """Whether nothing was violated, and every pool and operation ended as the oracle says."""
        agreed = all(operation.as_expected for operation in self.operations)
        return agreed and not (self.violations or self.differences)

    def document(self) -> Document:
        """The same for programs."""
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
            "approvals": [asked.document() for asked in self.approvals],
        }

    def show(self, console: Console) -> None:
        """Print the table, and a listing of whatever is not as it should be."""
        console.print(self._table())
        for title, lines in (("Violated", self.violations), ("Daytwo and the oracle differ", self.differences)):
            if lines:
                console.print(f"\n[bold]{title}[/bold]")
            for line in lines:
                console.print(f"  {line}", markup=False)

    def _decided(self) -> str:
        """`2 approved by ana in slack, 1 expired`."""
        counts = Counter(f"{one.state} by {one.by} in {one.door}" if one.by else one.state for one in self.approvals)
        return ", ".join(f"{number} {text}" for text, number in counts.items())

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column("what", min_width=26)
        table.add_column("number", justify="right")
        table.add_column("how it is known", style="dim")
        for row in self._rows():
            table.add_row(*row)
        return table

    def _rows(self) -> list[tuple[str, str, str]]:
        differ = len(self.differences)
        return [
            ("Pools", str(self.total), f"in {plural(self.virtual_days, 'day')}, {self.wall_s:.0f} s of yours"),
            ("  upgraded by Daytwo", str(self.upgraded), f"every node looked at; {self.eligible} eligible (oracle)"),
            ("  upgraded by AKS", str(self.by_aks), "watched, never touched"),
            *((f"  left out: {reason}", str(number), _WHY.get(reason, "")) for reason, number in self.skipped.items()),
            ("Runs", str(self.runs), "those that do something have one message each"),
            *((f"  {one.runbook}", str(one.runs), one.says()) for one in self.operations),
            *([("Approvals asked", str(len(self.approvals)), self._decided())] if self.approvals else []),
            (
                "Messages",
                str(self.messages_sent),
                f"edited {self.messages_edited} times, {self.thread_replies} replies",
            ),
            ("Rules violated", str(len(self.violations)), "judged by the oracle from the world alone"),
            ("Pools judged differently", str(differ), "by Daytwo's records and by the oracle"),
        ]


_WHY = {
    "no-ring": "the configuration puts the cluster in no ring",
    "snapshot": "a snapshot fixes the image",
    "node-auto-provisioning": "replaced by node auto-provisioning",
    "unknown-image": "an image that could not be read",
    "already-latest": "every node carried the newest image",
    "pool-failed": "a person looks first",
    "never-fits": "takes longer than any window",
    "asleep": "slept through its windows",
    "busy": "another operation never ended",
    "unproven": "its image was not proven in the ring before",
    "no-window-left": "no window left enough time",
    "run-failed": "a step of its run failed",
    "halted": "the rollout halted",
    "rejected": "somebody said no",
    "not-approved": "nobody approved it in time",
    "not-yet": "the week is not over",
    "not-proven": "the record says upgraded, the nodes do not",
}
