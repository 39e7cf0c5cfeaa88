"""The sections `identity`, `people` and `groups` (docs/approvals.md)."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, Any, cast

from msgspec import Meta, defstruct

from ops.settings.chat_sections import identity_kinds
from ops.settings.fields import Member, PersonName
from ops.settings.part import Finding, Part, Section


def _composed(name: str, doc: str, types: Mapping[str, Any], **namespace: Any) -> type[Part]:
    """A mapping with one optional key per kind of id."""
    fields = [(key.replace("-", "_"), kind, None) for key, kind in types.items()]
    space = {"__doc__": doc, **namespace}
    return cast("type[Part]", defstruct(name, fields, bases=(Part,), namespace=space, frozen=True))


IdentitySettings = _composed(
    "IdentitySettings",
    "The tenants and workspaces that issue people's ids.",
    {kind.tenant: kind.tenant_type for kind in identity_kinds()},
)


def _findings(self: Part) -> Iterator[Finding]:
    if not ids_of(self):
        last = identity_kinds()[-1]
        yield Finding((), {}, "this is empty", f"write it like {{{last.name}: {last.example}}}")


PersonEntry = _composed(
    "PersonEntry",
    "The ids of a person, at least one.",
    {kind.name: kind.id_type for kind in identity_kinds()},
    example={kind.name: kind.example for kind in identity_kinds()},
    constraints={"minProperties": 1},
    findings=_findings,
)


def tenants_of(identity: Part) -> Mapping[str, str]:
    """Returns the issuer of each kind of id that the section `identity` names, in the form that is used for comparisons."""
    issuers = {kind: getattr(identity, kind.tenant.replace("-", "_")) for kind in identity_kinds()}
    return MappingProxyType({kind.name: kind.normalized(value) for kind, value in issuers.items() if value})


def ids_of(entry: Part) -> Mapping[str, str]:
    """Returns the ids in an entry under `people`, by kind, in the form that is used for comparisons."""
    ids = {kind: getattr(entry, kind.name) for kind in identity_kinds()}
    return MappingProxyType({kind.name: kind.normalized(value) for kind, value in ids.items() if value})


def _check_people(people: Mapping[str, Part], others: Mapping[str, Any]) -> Iterator[Finding]:
    """Refuses an id that two people share, since it would not identify who decided, and ids without an issuer."""
    holders: dict[tuple[str, str], str] = {}
    for name, entry in people.items():
        for kind, own in ids_of(entry).items():
            holder = holders.setdefault((kind, own), name)
            if holder != name:
                yield Finding((name, kind), own, f"{holder} already has this id", "give each person their own")
    identity = others.get("identity")
    for each in identity_kinds():
        is_used = any(each.name in ids_of(entry) for entry in people.values())
        if is_used and identity is not None and each.name not in tenants_of(identity):
            wrong = f"people have {each.name} ids, but their {each.tenant_noun} is not set"
            yield Finding((), "", wrong, f"add identity: {{{each.tenant}: …}}")


def _check_groups(groups: Mapping[str, tuple[str, ...]], others: Mapping[str, Any]) -> Iterator[Finding]:
    for name in groups:
        if name in others.get("people", ()):
            yield Finding((name,), name, "a person has this name", "give the group another name")


IDENTITY: Section[Part] = Section(
    "identity",
    IdentitySettings,
    "The tenants and workspaces that issue people's ids. Without it, Daytwo recognizes no one.",
    docs="approvals.md",
    absent=IdentitySettings(),
)
PEOPLE: Section[Mapping[str, Part]] = Section(
    "people",
    dict[PersonName, PersonEntry],  # type: ignore[valid-type]  # `PersonEntry` is made at run time from the chats' kinds of ids, for msgspec
    "People by the one name that is used everywhere, with the ids by which the chats know them.",
    docs="approvals.md",
    absent={},
    check=_check_people,
)
GROUPS: Section[Mapping[str, tuple[str, ...]]] = Section(
    "groups",
    dict[
        PersonName,
        Annotated[
            tuple[Member, ...],
            Meta(
                description="The members. An empty list is a group without members.",
                examples=[["ana", "ben"]],
                extra_json_schema={"uniqueItems": True},
            ),
        ],
    ],
    "Groups of people, by name. Rules can name a group instead of people.",
    docs="approvals.md",
    absent={},
    check=_check_groups,
)
