"""Who goes first on one cluster: spot, a person, budget, power, node image, reboot."""

_ORDER = ("spot", "person", "budget", "power", "node-image", "reboot")


def rank(runbook: str, source: str) -> int:
    """0 goes first. What a person started goes before what a timer started, whatever it does."""
    name = runbook if source == "timer" or runbook == "spot" else "person"
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)
