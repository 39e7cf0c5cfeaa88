"""What a host takes from an app's host.json."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class HostSettings:
    """The settings that the local host honours; everything else in host.json concerns Azure's."""

    route_prefix: str = "api"
    task_hub: str = "TestHubName"

    @classmethod
    def read(cls, app_dir: Path) -> Self:
        """Read `host.json`; defaults are Azure's.

        Raises:
            FileNotFoundError: There is none: Azure would not take the folder for an app either.
        """
        content = json.loads((app_dir / "host.json").read_text())
        extensions = content.get("extensions", {})
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", cls.route_prefix),
            task_hub=extensions.get("durableTask", {}).get("hubName", cls.task_hub),
        )
