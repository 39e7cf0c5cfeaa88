"""A small configuration, and one with every operation in it."""

from ops.config import load
from ops.settings import Settings

CONFIG = """
fleet:
  subscriptions: [00000000-0000-0000-0000-000000000000]
  rings:
    - {name: pre-production, select: {tags: {env: [dev, test]}}}
    - {name: production, select: {tags: {env: prod}}, max-concurrent: 1 per region pair}
windows:
  nights: {days: mon-thu, from: "22:00", to: "05:00", zone: UTC}
node-image: {window: nights, proven-for: 1d, proven-awake: 12h, proven-nodes: 3, start-stopped-clusters: true}
chat:
  slack: {channel: C0123}
"""

LANES = (
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
    """Settings as the loader reads them."""
    return load(text, "daytwo.yaml")
