"""Configurations for tests: complete ones, and fragments from which the configurations of simulated worlds are assembled."""

from ops.config import load
from ops.settings import Settings

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
# Production upgrades one cluster per region pair at a time.
PAIRED_RINGS = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: [dev, test]}}}
    - {name: production, select: {tags: {env: prod}}, max-concurrent: 1 per region pair}
"""


def nights(zone: str = "UTC", opens: str = "22:00") -> str:
    """The `windows` section, with the window `nights`, which is open until 05:00."""
    return f'windows:\n  nights: {{days: mon-thu, from: "{opens}", to: "05:00", zone: {zone}}}\n'


TO_SLACK = """\
chat:
  slack: {channel: C0123}
"""
CONFIG = (
    PAIRED_RINGS
    + nights()
    + """\
node-image: {window: nights, proven-for: 1d, proven-awake: 12h, proven-nodes: 3, start-stopped-clusters: true}
"""
    + TO_SLACK
)
ALL_OPERATIONS = (
    CONFIG
    + """
reboot: {window: nights}
power:
  - {select: {tags: {env: dev}}, awake: "mon-fri 08:00-19:00", zone: UTC}
spot: {group-within: 10m}
cost:
  budgets: [{name: platform, offer: [stop-dev-clusters]}]
"""
)


def settings(text: str = CONFIG) -> Settings:
    """The settings as the loader reads them.

    Raises:
        ConfigError: the configuration is invalid.
    """
    return load(text, "daytwo.yaml")
