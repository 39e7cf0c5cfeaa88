"""The virtual machines behind nodes: instances of a scale set, and single VMs, as Azure Resource Manager identifies them."""

import re
from dataclasses import dataclass

from ops.model.azure_names import azure_key

# Ids differ in case ("resourcegroups"), so all parts are compared as Azure compares them. Only a resource group can have
# letters outside ASCII.
_ID = re.compile(
    r"/subscriptions/(?P<subscription>[\w-]+)/resourcegroups/(?P<group>(?u:[\w.()-])+)/providers/microsoft\.compute"
    r"/(?:virtualmachinescalesets/(?P<scale_set>[\w.-]+)/virtualmachines/(?P<instance>\d{1,9})|virtualmachines/(?P<name>[\w.-]+))",
    re.ASCII,
)
_PROVIDER = "azure://"


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine, its parts as `azure_key` returns them.

    For an instance of a scale set, `name` is the instance's number; otherwise `scale_set` is empty.
    """

    subscription: str
    resource_group: str
    name: str
    scale_set: str = ""

    @property
    def id(self) -> str:
        """The ARM id, as `azure_key` returns it."""
        within = f"virtualmachinescalesets/{self.scale_set}/" if self.scale_set else ""
        group = f"/subscriptions/{self.subscription}/resourcegroups/{self.resource_group}"
        return f"{group}/providers/microsoft.compute/{within}virtualmachines/{self.name}"


@dataclass(frozen=True, slots=True)
class ListedMachine:
    """A machine that ARM lists for a node pool. `name` is its name within the pool, in lower case, which is also its node's name."""

    name: str
    machine: Machine


def parse_machine_id(arm_id: str) -> Machine | None:
    """Parses an ARM id; returns None if it is not that of a scale set instance or a single VM."""
    match = _ID.fullmatch(azure_key(arm_id))
    if match is None:
        return None
    scale_set = match["scale_set"] or ""
    return Machine(match["subscription"], match["group"], match["instance"] or match["name"], scale_set)


def machine_of(provider_id: str) -> Machine | None:
    """Parses a node's `spec.providerID`: `azure://` and an ARM id. Returns None for every other form.

    A cluster's administrator chooses this text, so it names a machine but proves nothing: see `ops.policy.node_identity`.
    """
    if provider_id[: len(_PROVIDER)].lower() != _PROVIDER:
        return None
    return parse_machine_id(provider_id[len(_PROVIDER) :])
