"""Whether Azure lets the bot restart the machines of a cluster, and the lists from which that follows."""

from dataclasses import dataclass

from ops.model.fleet import Unknown


@dataclass(frozen=True, slots=True)
class PermissionSet:
    """Actions as a role grants them or a deny assignment denies them: `actions` without `not_actions`, each may contain `*`."""

    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Principal:
    """Whom a deny assignment names. `kind` is the type that Azure reports, such as `ServicePrincipal`, `Group` or `SystemDefined`."""

    id: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class DenyAssignment:
    """A deny assignment at or above a resource group.

    Attributes:
        name: its display name.
        denied: what it denies.
        principals: to whom it applies.
        excluded: to whom of them it does not apply.
        inherited: whether it applies to what is below its scope.
        conditional: whether a condition limits it.
    """

    name: str
    denied: tuple[PermissionSet, ...]
    principals: tuple[Principal, ...]
    excluded: tuple[Principal, ...] = ()
    inherited: bool = True
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Lock:
    """A management lock at or above a resource group. `level` is `ReadOnly` or `CanNotDelete`."""

    name: str
    level: str


@dataclass(frozen=True, slots=True)
class AccessLists:
    """What Azure lists for a resource group; Unknown for what could not be read. `identity` is the object ID of the bot's identity."""

    group: str
    permissions: tuple[PermissionSet, ...] | Unknown
    deny_assignments: tuple[DenyAssignment, ...] | Unknown
    locks: tuple[Lock, ...] | Unknown
    identity: str | Unknown


@dataclass(frozen=True, slots=True)
class RestartRight:
    """Why Azure would refuse to restart a machine, by its kind; empty if nothing that was listed forbids it.

    `unchecked` says what could not be checked, so that only a restart shows it.
    """

    scale_set_instances: str = ""
    single_machines: str = ""
    unchecked: tuple[str, ...] = ()
