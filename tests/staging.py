"""The fleet of the simulated stages of the tests."""

from datetime import datetime

from simulator.world.scripted_faults import ScriptedFault
from simulator.world.specs import ClusterSpec, FleetSpec, RegionSpec


def in_west_europe(
    name: str, start: datetime, *clusters: ClusterSpec, scripted_faults: tuple[ScriptedFault, ...] = ()
) -> FleetSpec:
    """These clusters in one region without a pair."""
    return FleetSpec(name, start, (RegionSpec("westeurope"),), clusters, scripted_faults)
