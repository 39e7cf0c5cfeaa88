"""What the stages of many tests have in common: the rings of a configuration, where it speaks, and a fleet in one region."""

from datetime import datetime

from simulator.world.scripted_faults import ScriptedFault
from simulator.world.specs import ClusterSpec, FleetSpec, RegionSpec

ONE_RING = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: dev}}}
"""
TWO_RINGS = (
    ONE_RING
    + """\
    - {name: production, select: {tags: {env: prod}}}
"""
)
TO_SLACK = """\
chat:
  slack: {channel: C0123}
"""


def in_west_europe(
    name: str, start: datetime, *clusters: ClusterSpec, scripted_faults: tuple[ScriptedFault, ...] = ()
) -> FleetSpec:
    """These clusters in one region that has no pair."""
    return FleetSpec(name, start, (RegionSpec("westeurope"),), clusters, scripted_faults)
