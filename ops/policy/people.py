"""Identifies people: everyone counts as one person, whichever endpoint they use (docs/approvals.md, rule 6)."""

from collections.abc import Iterable

from ops.model.people import Identity, Person
from ops.settings import Settings
from ops.settings.chat_sections import identity_kinds


def person_of(settings: Settings, identity: Identity) -> Person | None:
    """Returns the person whom an endpoint has authenticated; None if that id is unknown in that workspace or tenant."""
    kind = next((kind for kind in identity_kinds() if kind.name == identity.kind), None)
    if kind is None or not identity.user or not identity.tenant:
        return None
    if kind.normalized(identity.tenant) != settings.people.tenants.get(kind.name):
        return None
    user = kind.normalized(identity.user)
    return next((person for person in settings.people.people if person.ids.get(kind.name) == user), None)


def named(settings: Settings, names: Iterable[str]) -> tuple[Person, ...]:
    """Returns the people with these names, in the same order, without names that are no longer configured."""
    described = {person.name: person for person in settings.people.people}
    return tuple(described[name] for name in names if name in described)
