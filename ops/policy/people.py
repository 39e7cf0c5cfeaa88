"""Identifies people: one person, whatever endpoint they use (docs/approvals.md, rule 6)."""

from collections.abc import Iterable

from ops.model.people import Identity, Person
from ops.settings import Settings


def person_of(settings: Settings, identity: Identity) -> Person | None:
    """The person whom an endpoint has authenticated; None if no one has that id in that workspace or tenant."""
    known = settings.people
    if not identity.user or not identity.tenant:
        return None
    if identity.door == "slack":
        right = bool(known.slack_team) and identity.tenant == known.slack_team
        return next((p for p in known.people if right and p.slack == identity.user), None)
    user, tenant = identity.user.casefold(), identity.tenant.casefold()
    right = bool(known.entra_tenant) and tenant == known.entra_tenant
    return next((p for p in known.people if right and p.entra and p.entra == user), None)


def named(settings: Settings, names: Iterable[str]) -> tuple[Person, ...]:
    """The people with these names, in their order; names that are no longer configured are left out."""
    described = {person.name: person for person in settings.people.people}
    return tuple(described[name] for name in names if name in described)
