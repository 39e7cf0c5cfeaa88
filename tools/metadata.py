"""The wheel's requirements, generated from the dependency groups of pyproject.toml when it is built."""

import tomllib
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_REQUIRED = ("azure", "cli")
_EXTRAS = ("teams-bot", "telemetry", "simulator")


class GroupsHook(MetadataHookInterface):
    """Fills in the fields that pyproject.toml lists under `dynamic`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Sets the dependencies and the extras. Raises KeyError if a group does not exist."""
        with (Path(self.root) / "pyproject.toml").open("rb") as file:
            groups: dict[str, list[str]] = tomllib.load(file)["dependency-groups"]
        metadata["dependencies"] = [requirement for name in _REQUIRED for requirement in groups[name]]
        metadata["optional-dependencies"] = {name: groups[name] for name in _EXTRAS}
