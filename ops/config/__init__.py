"""daytwo.yaml: its schema, its loader, and how problems are reported."""

from ops.config.document import parse
from ops.config.feeds import FeedError, Feeds, freezes_of, read_beside
from ops.config.fleet_check import check_fleet, clusters_in_several_rings
from ops.config.problems import ConfigError, Problem, render_problems
from ops.config.read import read_settings
from ops.config.sections import schema
from ops.settings import Settings

__all__ = [
    "ConfigError",
    "FeedError",
    "Feeds",
    "Problem",
    "check_fleet",
    "clusters_in_several_rings",
    "freezes_of",
    "load",
    "read_beside",
    "render_problems",
    "schema",
]


def load(text: str | bytes, source: str, feeds: Feeds | None = None, *, full: bool = False) -> Settings:
    """Loads the settings from a configuration.

    `source` is the file's name in messages. `feeds` reads the calendars that the configuration names; without `feeds`, naming
    a calendar is a problem. With `full`, the full validator always runs, as in `daytwo validate`.

    Raises:
        ConfigError: with every problem found, in line order.
    """
    return read_settings(parse(text, source), feeds, full=full)
