"""Fake ports: small, strict, and passed in place of the adapters."""

from tests.configurations import ALL_OPERATIONS, CONFIG, settings
from tests.fakes.azure import FakeClusters
from tests.fakes.chat import FakeChat, FakeReplies
from tests.fakes.clock import MONDAY, FakeClock
from tests.fakes.fleet import NEW, NEWER, OLD, cluster, machines_of, nodes_of, pool
from tests.fakes.kept import FakeEngine, FakeLedger
from tests.fakes.world import World

__all__ = [
    "ALL_OPERATIONS",
    "CONFIG",
    "MONDAY",
    "NEW",
    "NEWER",
    "OLD",
    "FakeChat",
    "FakeClock",
    "FakeClusters",
    "FakeEngine",
    "FakeLedger",
    "FakeReplies",
    "World",
    "cluster",
    "machines_of",
    "nodes_of",
    "pool",
    "settings",
]
