"""One file per kind of effect. Only verbs change clusters."""

import pkgutil
from functools import cache
from importlib import import_module

from ops.verbs.contract import Verb


@cache
def verbs() -> dict[str, Verb]:
    """All verbs by name: each module in this package that defines VERB."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return {module.VERB.name: module.VERB for module in modules if hasattr(module, "VERB")}
