"""People, and how endpoints identify them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A person, by one name in all chats. `slack` is a user id, `entra` an object id; empty if the person has none."""

    name: str
    slack: str = ""
    entra: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """The person whom an endpoint has authenticated.

    `endpoint` is slack, teams or page; `tenant` is the workspace or the Entra tenant, `user` the id within it. `shown` is
    the display name. People choose it themselves, so it is only for reading.
    """

    endpoint: str
    tenant: str
    user: str
    shown: str = ""

    def __str__(self) -> str:
        return f"{self.endpoint}:{self.tenant}/{self.user}"
