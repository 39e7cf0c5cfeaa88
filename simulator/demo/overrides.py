"""The overrides that people request during the demonstration's week, through the bot's HTTP endpoint."""

from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.demo.bot import Bot
from simulator.oracle import AwakeOverride
from simulator.world.specs import FleetSpec

# Ana releases on Wednesday night and needs her cluster until 01:30 in Amsterdam.
DEMO_OVERRIDES = (
    AwakeOverride(
        "shop-dev",
        datetime(2026, 11, 18, 20, 30, tzinfo=UTC),
        datetime(2026, 11, 19, 0, 30, tzinfo=UTC),
        "ana",
    ),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Requests overrides for a fleet's clusters from one bot."""

    fleet: FleetSpec
    bot: Bot

    async def override(self, kept: AwakeOverride) -> None:
        """Request the override now.

        Raises:
            KeyError: the cluster does not exist.
            aiohttp.ClientResponseError: the bot rejected it.
        """
        spec = {cluster.name: cluster for cluster in self.fleet.clusters}[kept.cluster]
        target = (
            f"/subscriptions/{spec.subscription}/resourceGroups/{spec.resource_group}"
            f"/providers/Microsoft.ContainerService/managedClusters/{spec.name}"
        )
        await self.bot.post("overrides/awake", {"target": target, "until": kept.until.isoformat(), "by": kept.by})
