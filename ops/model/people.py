"""People, and how the doors know them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by one name in all chats. `slack` is a user id, `entra` an object id; empty where they have none."""

    name: str
    slack: str = ""
    entra: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a door has proven to stand before it.

    `door` is slack, teams or page; `tenant` the workspace or the Entra tenant, `user` the id within it. `shown` is the
    name that the chat gives them: for reading only, since people choose it themselves.
    """

    door: str
    tenant: str
    user: str
    shown: str = ""

    def __str__(self) -> str:
        return f"{self.door}:{self.tenant}/{self.user}"
