"""People, and how they are identified."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """A person, identified by the name that is used everywhere. `ids` holds their ids by kind, for example `entra`."""

    name: str
    ids: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """A caller that an endpoint has authenticated.

    `endpoint` is a chat's name or `page`. `kind` is the kind of the caller's id, `tenant` the workspace or Entra tenant that
    issued it, `user` the id itself. `shown` is the display name in the chat. It is only displayed, since people choose it
    themselves.
    """

    endpoint: str
    kind: str
    tenant: str
    user: str
    shown: str = ""

    def __str__(self) -> str:
        return f"{self.endpoint}:{self.tenant}/{self.user}"
