"""The settings that a host reads from an app's host.json."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class HostSettings:
    """The settings that the local host supports. Everything else in host.json is relevant only on Azure."""

    route_prefix: str = "api"
    task_hub: str = "TestHubName"

    @classmethod
    def read(cls, app_dir: Path) -> Self:
        """Read `host.json`, using Azure's defaults for missing settings.

        Raises:
            FileNotFoundError: the file does not exist, so the folder is not an app on Azure either.
        """
        content = json.loads((app_dir / "host.json").read_text())
        extensions = content.get("extensions", {})
        return cls(
            route_prefix=extensions.get("http", {}).get("routePrefix", cls.route_prefix),
            task_hub=extensions.get("durableTask", {}).get("hubName", cls.task_hub),
        )
