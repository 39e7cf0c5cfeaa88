"""What people do in the demonstration's week: overrides, pressed through the bot's own HTTP door."""

from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.demo.bot import Bot
from simulator.oracle import KeptAwake
from simulator.world.specs import FleetSpec

# Ana releases on Wednesday night and wants her cluster until half past one in Amsterdam.
DEMO_PRESSES = (
    KeptAwake(
        "shop-dev",
        datetime(2026, 11, 18, 20, 30, tzinfo=UTC),
        datetime(2026, 11, 19, 0, 30, tzinfo=UTC),
        "ana",
    ),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Presses in one fleet, on one bot."""

    fleet: FleetSpec
    bot: Bot

    async def press(self, kept: KeptAwake) -> None:
        """Ask for the override now. Raises KeyError: no such cluster; aiohttp.ClientResponseError: it was refused."""
        spec = {cluster.name: cluster for cluster in self.fleet.clusters}[kept.cluster]
        target = (
            f"/subscriptions/{spec.subscription}/resourceGroups/{spec.resource_group}"
            f"/providers/Microsoft.ContainerService/managedClusters/{spec.name}"
        )
        await self.bot.post("overrides/awake", {"target": target, "until": kept.until.isoformat(), "by": kept.by})
