"""The fleet for the tests' simulated stages."""

from datetime import datetime

from simulator.world.scripted_faults import ScriptedFault
from simulator.world.specs import ClusterSpec, FleetSpec, RegionSpec


def in_west_europe(
    name: str, start: datetime, *clusters: ClusterSpec, scripted_faults: tuple[ScriptedFault, ...] = ()
) -> FleetSpec:
    """A fleet of these clusters in a single region that has no pair."""
    return FleetSpec(name, start, (RegionSpec("westeurope"),), clusters, scripted_faults)
