"""Facts, one file per kind. Each file is named after its fact, and its `gather()` reads the fact."""

import pkgutil
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any, Protocol, cast

from ops.model.fleet import Cluster, Unknown
from ops.model.run import Run
from ops.ports.bundle import Ports
from ops.settings import Settings


@dataclass(frozen=True, slots=True)
class FactQuery:
    """A query for the current facts about one run's target. `known` holds the facts gathered so far, in the runbook's order."""

    run: Run
    settings: Settings
    now: datetime
    ports: Ports
    known: dict[str, Any] = field(default_factory=dict)

    @property
    def cluster(self) -> Cluster | Unknown:
        """The cluster, if the runbook requires it before this fact."""
        return cast("Cluster | Unknown", self.known.get("cluster", Unknown("the cluster was not requested")))


class Fact(Protocol):
    """A module in this package."""

    ACTIONS: frozenset[str]
    KUBERNETES: frozenset[str]

    @staticmethod
    def gather(question: FactQuery) -> Any:
        """Returns the fact, or Unknown(why) if it cannot be read; `transient` if a later attempt may succeed."""
        ...


@cache
def facts() -> dict[str, Fact]:
    """Returns all kinds of facts by name: each module in this package that defines gather()."""
    modules = {found.name: import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)}
    return {name: cast("Fact", module) for name, module in modules.items() if hasattr(module, "gather")}
