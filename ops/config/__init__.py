"""daytwo.yaml: its schema, its loader, and what people read where it is wrong."""

from ops.config.document import parse
from ops.config.feeds import FeedError, Feeds, freezes_of, read_beside
from ops.config.overlap import check_fleet
from ops.config.problems import ConfigError, Problem, render_problems
from ops.config.read import read_settings
from ops.config.shape import check_shape, schema
from ops.model.settings import Settings

__all__ = [
    "ConfigError",
    "FeedError",
    "Feeds",
    "Problem",
    "check_fleet",
    "freezes_of",
    "load",
    "read_beside",
    "render_problems",
    "schema",
]


def load(text: str | bytes, source: str, feeds: Feeds | None = None) -> Settings:
    """The settings that a configuration states.

    `source` is the file's name in messages. `feeds` reads the calendars that it names; without it such a calendar is a
    problem.

    Raises:
        ConfigError: with every problem found, in the order of the lines.
    """
    document = parse(text, source)
    check_shape(document)
    document.raise_problems()
    return read_settings(document, feeds)
