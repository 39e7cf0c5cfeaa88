"""Scale-set instances in memory, which can be restarted."""

from dataclasses import dataclass, field

from ops.policy.node_identity import ConfirmedMachine
from ops.ports.azure import OperationStatus
from ops.ports.errors import OutsideError, TryLaterError
from tests.fakes.azure import FakeClusters
from tests.fakes.nodes import FakeNodes


@dataclass
class FakeMachines:
    """Scale-set instances. `restarted` lists every restart. A test ends a restart with `end`.

    If `refuse` is set, each restart raises it. The first `lose_answers` restarts lose their response, as TryLaterError.
    """

    clusters: FakeClusters
    nodes: FakeNodes
    restarted: list[str] = field(default_factory=list)
    refuse: OutsideError | None = None
    lose_answers: int = 0

    def begin_restart(self, confirmed: ConfirmedMachine) -> str:
        if self.refuse is not None:
            raise self.refuse
        self.restarted.append(confirmed.node)
        token = f"restart/{len(self.restarted)}"
        self.clusters.states[token] = OperationStatus("running")
        if self.lose_answers:
            self.lose_answers -= 1
            raise TryLaterError("restarting: the response was lost", 30)
        return token

    def end(self, name: str, *, boots: bool = True) -> None:
        """End the restart. Afterwards the node has a new boot id and no longer requires a reboot."""
        for token in [token for token in self.clusters.states if token.startswith("restart/")]:
            self.clusters.states[token] = OperationStatus("succeeded")
        if boots:
            (cluster,) = self.clusters.fleet.values()
            (old,) = (node for node in self.nodes.nodes(cluster) if node.name == name)
            kept = {key: value for key, value in old.annotations.items() if key != "daytwo.dev/reboot-required"}
            self.nodes.change(name, boot_id="after", annotations=kept)
