"""Stand-ins for the ports: small, honest, passed in where the real ones would be."""

from tests.fakes.azure import FakeClusters
from tests.fakes.chat import FakeChat, FakeReplies
from tests.fakes.clock import MONDAY, FakeClock
from tests.fakes.config import CONFIG, LANES, settings
from tests.fakes.fleet import NEW, NEWER, OLD, cluster, nodes_of, pool
from tests.fakes.kept import FakeEngine, FakeLedger
from tests.fakes.world import World

__all__ = [
    "CONFIG",
    "LANES",
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
    "nodes_of",
    "pool",
    "settings",
]
