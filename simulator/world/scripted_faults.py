"""The faults and events that can be scripted in the world. Each is armed once and used once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

type AmountStyle = Literal["sign", "comma", "code", "indian", "number", "words"]


@dataclass(frozen=True, slots=True)
class UpgradeFails:
    """The pool's next upgrade stops before node number ``after_nodes``, with this error code."""

    cluster: str
    pool: str
    after_nodes: int
    code: str = "UpgradeFailed"
    message: str = ""


@dataclass(frozen=True, slots=True)
class UpgradeDoesNothing:
    """The pool's next upgrade reports success and the new image, but does not change any nodes."""

    cluster: str
    pool: str


@dataclass(frozen=True, slots=True)
class UpgradeSkipsNodes:
    """The pool's next upgrade reports success and the new image, but leaves this many of its nodes on the old one."""

    cluster: str
    pool: str
    nodes: int = 1


@dataclass(frozen=True, slots=True)
class NodeNeverReady:
    """In the pool's next upgrade, this node (by index) returns but never becomes Ready."""

    cluster: str
    pool: str
    node: int


@dataclass(frozen=True, slots=True)
class ForeignOperation:
    """From ``at`` on, another caller's operation is in progress on the cluster for ``minutes``."""

    cluster: str
    at: datetime
    minutes: int
    who: str = "terraform"


@dataclass(frozen=True, slots=True)
class ImageLands:
    """The next release for an OS SKU's families reaches a region at ``at``."""

    region: str
    os_sku: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NodeNotReady:
    """A node (by index in the pool) is not Ready between two times."""

    cluster: str
    pool: str
    node: int
    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class StartFails:
    """The cluster's next start fails for lack of capacity. Azure may show it as running nevertheless, without any Ready node."""

    cluster: str
    code: str = "AllocationFailed"
    leaves_running: bool = False


@dataclass(frozen=True, slots=True)
class RebootRequired:
    """From ``at`` on, this many nodes in the pool (all by default) require a reboot."""

    cluster: str
    pool: str
    at: datetime
    nodes: int | None = None


@dataclass(frozen=True, slots=True)
class RestartFails:
    """The next machine restart in the pool through Azure fails with this error code, and the machine does not reboot."""

    cluster: str
    pool: str
    code: str = "VMStartTimedOut"


@dataclass(frozen=True, slots=True)
class NodeStaysNotReady:
    """The next machine that is restarted in the pool returns with a new boot id, but never becomes Ready."""

    cluster: str
    pool: str


@dataclass(frozen=True, slots=True)
class SpotEviction:
    """Azure evicts this many machines in a spot pool within seconds. Each node's agent publishes a notice ``notice_s`` earlier.

    Azure's own report comes ``reported_after_s`` later; within minutes if this is 0. If ``stays``, the nodes stay registered and
    are not Ready, as in a pool that deallocates its machines.
    """

    cluster: str
    pool: str
    at: datetime
    nodes: int = 1
    notice_s: int = 0
    reported_after_s: int = 0
    stays: bool = False


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """A budget passes a threshold (percent of ``amount``). Both amounts are in ``unit``.

    The budget belongs to the first subscription, or to ``group`` in it. Two scopes can have budgets of the same name.

    ``threshold_type`` exists only in the common schema, because the legacy schema does not have forecasts. ``style`` is how
    Azure writes the amounts in the common schema, which depends on the language and the currency of the agreement.
    """

    name: str
    at: datetime
    schema: Literal["legacy", "common"]
    threshold: float
    spent: float
    amount: float
    unit: str = "EUR"
    threshold_type: Literal["Actual", "Forecasted"] = "Actual"
    style: AmountStyle = "sign"
    group: str = ""


@dataclass(frozen=True, slots=True)
class CostAnswer:
    """The next query of a subscription's costs is answered in this shape, all of which Cost Management was seen to use.

    ``none`` is 204; ``null`` leaves out columns and rows; ``renamed`` uses the column names of other agreements, in another
    order, with one row without an amount; ``denied`` is 403.
    """

    shape: Literal["none", "null", "renamed", "denied"]
    subscription: str


@dataclass(frozen=True, slots=True)
class TagsChange:
    """At ``at``, someone replaces the cluster's tags, given as ``env=dev, team=web``."""

    cluster: str
    at: datetime
    tags: str
    who: str = "a tag writer"


@dataclass(frozen=True, slots=True)
class FieldMissing:
    """Between two times, ARM and Resource Graph show a field of the cluster, or of one of its pools, as null."""

    cluster: str
    field: Literal["powerState", "agentPoolProfiles", "count", "nodeImageVersion"]
    at: datetime
    until: datetime
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Between two times, Azure refuses every operation on the cluster and its machines with this answer, such as that of a lock."""

    cluster: str
    at: datetime
    until: datetime
    status: int = 409
    code: str = "ScopeLocked"
    message: str = "the following scope(s) are locked: rg. Please remove the lock and try again."


@dataclass(frozen=True, slots=True)
class AddressMissing:
    """The next operation on the cluster is accepted, but the answer names no address at which its status can be polled.

    It can name the address of the ``result`` (``Location``), which says that an operation has ended, but not how.
    """

    cluster: str
    result: bool = False


type ScriptedFault = (
    UpgradeFails
    | UpgradeDoesNothing
    | UpgradeSkipsNodes
    | NodeNeverReady
    | ForeignOperation
    | ImageLands
    | NodeNotReady
    | StartFails
    | RebootRequired
    | RestartFails
    | NodeStaysNotReady
    | SpotEviction
    | BudgetAlert
    | CostAnswer
    | TagsChange
    | FieldMissing
    | Refusal
    | AddressMissing
)
SCRIPTED_FAULTS: tuple[type[ScriptedFault], ...] = (
    UpgradeFails,
    UpgradeDoesNothing,
    UpgradeSkipsNodes,
    NodeNeverReady,
    ForeignOperation,
    ImageLands,
    NodeNotReady,
    StartFails,
    RebootRequired,
    RestartFails,
    NodeStaysNotReady,
    SpotEviction,
    BudgetAlert,
    CostAnswer,
    TagsChange,
    FieldMissing,
    Refusal,
    AddressMissing,
)
