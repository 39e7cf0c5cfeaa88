"""What can be scripted to go wrong in the world; each is armed once and used once."""

from dataclasses import dataclass
from datetime import datetime


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


type Mishap = UpgradeFails | UpgradeDoesNothing | NodeNeverReady | Occupied | ImageLands | NodeNotReady | StartFails
MISHAPS: tuple[type[Mishap], ...] = (
    UpgradeFails,
    UpgradeDoesNothing,
    NodeNeverReady,
    Occupied,
    ImageLands,
    NodeNotReady,
    StartFails,
)
