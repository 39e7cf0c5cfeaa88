"""Azure Kubernetes Fleet Manager: which fleet a cluster is a member of, and the update runs that contain it."""

from dataclasses import dataclass

# All other states, also those that Azure may add: the run has not ended (Fleet API, UpdateState).
_ENDED = frozenset({"stopped", "skipped", "failed", "completed"})
_WAITING = frozenset({"notstarted", "pending"})


@dataclass(frozen=True, slots=True)
class UpdateRun:
    """An update run that contains the cluster: its ARM id and name, its state, and the stage of the cluster (empty if unknown)."""

    id: str
    name: str
    state: str
    stage: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more happens in it, unless a person starts it again."""
        return self.state.casefold() in _ENDED

    @property
    def waits(self) -> bool:
        """Whether it waits for its start, a gate or a maintenance window, which can take indefinitely."""
        return self.state.casefold() in _WAITING


@dataclass(frozen=True, slots=True)
class FleetMembership:
    """The fleet that a cluster is a member of: a cluster is a member of at most one.

    Attributes:
        fleet: the name of the fleet.
        group: the update group of the member; empty if it has none.
        runs: the update runs that contain the cluster and have not ended.
        auto_upgrades: the auto-upgrade profiles of the fleet that are not disabled, as `name (channel)`.
    """

    fleet: str
    group: str
    runs: tuple[UpdateRun, ...] = ()
    auto_upgrades: tuple[str, ...] = ()
