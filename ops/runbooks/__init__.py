"""One pure file per operation: each module in this package that defines RUNBOOK is a runbook."""

import pkgutil
from functools import cache
from importlib import import_module

from ops.runbooks.contract import Runbook


@cache
def runbooks() -> dict[str, Runbook]:
    """All runbooks by name."""
    modules = (import_module(f"{__name__}.{discovered.name}") for discovered in pkgutil.iter_modules(__path__))
    discovered = [module.RUNBOOK for module in modules if hasattr(module, "RUNBOOK")]
    return {runbook.name: runbook for runbook in sorted(discovered, key=lambda runbook: str(runbook.name))}
