"""What can be scripted to go wrong in the world; each is armed once and used once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class UpgradeFails:
    """The next upgrade of the pool stops before its node number ``after_nodes``, with this error code."""

    cluster: str
    pool: str
    after_nodes: int
    code: str = "UpgradeFailed"
    message: str = ""


@dataclass(frozen=True, slots=True)
class UpgradeDoesNothing:
    """The next upgrade of the pool reports success, and the pool reports the new image, while no node changes."""

    cluster: str
    pool: str


@dataclass(frozen=True, slots=True)
class NodeNeverReady:
    """In the next upgrade of the pool this node (by its place in the pool) comes back and never gets Ready."""

    cluster: str
    pool: str
    node: int


@dataclass(frozen=True, slots=True)
class Occupied:
    """Somebody else's operation holds the cluster from ``at`` on for so many minutes."""

    cluster: str
    at: datetime
    minutes: int
    who: str = "terraform"


@dataclass(frozen=True, slots=True)
class ImageLands:
    """The next release of an OS SKU's families reaches a region at ``at``."""

    region: str
    os_sku: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NodeNotReady:
    """A node (by its place in the pool) is not Ready between two instants."""

    cluster: str
    pool: str
    node: int
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StartFails:
    """The next start of the cluster fails for want of capacity."""

    cluster: str
    code: str = "AllocationFailed"


@dataclass(frozen=True, slots=True)
class RebootRequired:
    """From ``at`` on this many nodes of the pool (all, without a number) ask for a reboot."""

    cluster: str
    pool: str
    at: datetime
    nodes: int | None = None


@dataclass(frozen=True, slots=True)
class RestartFails:
    """The next restart of a machine of the pool through Azure ends with this error code, and nothing has rebooted."""

    cluster: str
    pool: str
    code: str = "VMStartTimedOut"


@dataclass(frozen=True, slots=True)
class NodeStaysNotReady:
    """The next machine of the pool that is restarted comes back with a new boot and never gets Ready."""

    cluster: str
    pool: str


@dataclass(frozen=True, slots=True)
class SpotEviction:
    """Azure takes so many machines of a spot pool back within seconds; ``notice_s`` before, each node's agent tells."""

    cluster: str
    pool: str
    at: datetime
    nodes: int = 1
    notice_s: int = 0


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """A budget of a subscription passes a threshold (percent of ``amount``); both sums are in ``unit``.

    ``threshold_type`` is told in the common schema only: the legacy one knows no forecasts.
    """

    name: str
    at: datetime
    schema: Literal["legacy", "common"]
    threshold: float
    spent: float
    amount: float
    unit: str = "EUR"
    threshold_type: Literal["Actual", "Forecasted"] = "Actual"


type Mishap = (
    UpgradeFails
    | UpgradeDoesNothing
    | NodeNeverReady
    | Occupied
    | ImageLands
    | NodeNotReady
    | StartFails
    | RebootRequired
    | RestartFails
    | NodeStaysNotReady
    | SpotEviction
    | BudgetAlert
)
MISHAPS: tuple[type[Mishap], ...] = (
    UpgradeFails,
    UpgradeDoesNothing,
    NodeNeverReady,
    Occupied,
    ImageLands,
    NodeNotReady,
    StartFails,
    RebootRequired,
    RestartFails,
    NodeStaysNotReady,
    SpotEviction,
    BudgetAlert,
)
