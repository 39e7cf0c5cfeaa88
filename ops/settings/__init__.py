"""The settings of daytwo.yaml: one typed definition per section, from which schema, defaults and reader follow."""

from ops.settings.settings import ChatSettings, PeopleSettings, Settings

__all__ = ["ChatSettings", "PeopleSettings", "Settings"]
