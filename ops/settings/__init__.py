"""The settings of daytwo.yaml: one typed definition per section, which provides schema, defaults and reader."""

from ops.settings.settings import ChatSettings, PeopleSettings, Settings

__all__ = ["ChatSettings", "PeopleSettings", "Settings"]
