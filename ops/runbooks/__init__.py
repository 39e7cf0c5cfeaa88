"""One pure file per operation: each module of this package that defines RUNBOOK is a runbook."""

import pkgutil
from functools import cache
from importlib import import_module

from ops.runbooks.contract import Runbook


@cache
def runbooks() -> dict[str, Runbook]:
    """All runbooks by name."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    found = [module.RUNBOOK for module in modules if hasattr(module, "RUNBOOK")]
    return {runbook.name: runbook for runbook in sorted(found, key=lambda runbook: str(runbook.name))}
