"""The sections identity, people, groups, commands, and the approvals of the runbooks (docs/approvals.md)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from ops.config.document import Document, Path, Value
from ops.config.parts import Section, known_window, section, sections, texts
from ops.config.times import read_duration
from ops.model.calendar import Window
from ops.model.people import Person
from ops.model.settings import ApprovalRule, CommandRule, PeopleSettings, Ring

_ASKING = ("node-image", "reboot")


def read_people(document: Document) -> PeopleSettings:
    """Who there is. An id that two people share is refused: nobody would know who decided."""
    identity = section(document.root, "identity")
    people: list[Person] = []
    holders: dict[str, str] = {}
    for name, said in section(document.root, "people").items():
        ids = cast("Section", said)
        person = Person(name, str(ids.get("slack", "")), str(ids.get("entra", "")).casefold())
        for kind, own in (("slack", person.slack), ("entra", person.entra)):
            if own and holders.setdefault(own, name) != name:
                wrong = f"{holders[own]} has this id already"
                document.refuse(("people", name, kind), own, wrong, "give each person their own")
        people.append(person)
    for kind, key, sort in (("slack", "slack-team", "workspace"), ("entra", "entra-tenant", "tenant")):
        if key not in identity and any(getattr(person, kind) for person in people):
            wrong = f"people have {kind} ids, and nobody says of which {sort}"
            document.refuse(("people",), "", wrong, f"add identity: {{{key}: …}}")
    team, tenant = str(identity.get("slack-team", "")), str(identity.get("entra-tenant", "")).casefold()
    return PeopleSettings(tenant, team, tuple(people))


def read_approvals(
    document: Document, windows: Mapping[str, Window], rings: Sequence[Ring]
) -> tuple[ApprovalRule, ...]:
    """The rules of every runbook that asks, in their order."""
    found: list[ApprovalRule] = []
    for runbook in _ASKING:
        said = section(document.root, runbook).get("approval")
        if said is None:
            continue
        many = isinstance(said, list)
        for number, each in enumerate(cast("list[Value]", said) if many else [said]):
            path: Path = (runbook, "approval", number) if many else (runbook, "approval")
            if isinstance(each, dict):
                found.append(_rule(document, path, runbook, each, windows))
                _check_rings(document, path, each, rings)
            else:
                document.refuse(path, each, "this is no rule", "write one rule an entry, as in {from: platform}")
    return tuple(found)


def read_commands(document: Document, rings: Sequence[Ring]) -> tuple[CommandRule, ...]:
    """Who may give which commands."""
    found = []
    for number, said in enumerate(sections(document.root.get("commands"))):
        path: Path = ("commands", number)
        _check_rings(document, path, said, rings)
        people = _people(document, (*path, "from"), said["from"])
        found.append(
            CommandRule(
                people,
                frozenset(texts(said["may"])),
                frozenset(texts(said.get("rings"))),
                frozenset(texts(said.get("runbooks"))),
            )
        )
    return tuple(found)


def check_groups(document: Document) -> None:
    """Refuses a group's member whom nobody describes, and a group that is called as a person is."""
    people = section(document.root, "people")
    for name, members in section(document.root, "groups").items():
        if name in people:
            document.refuse(("groups", name), name, "a person has this name", "give the group another name")
        for number, member in enumerate(texts(members)):
            if member not in people:
                document.refuse(("groups", name, number), member, "nobody has this name", _add_person(member))


def _rule(document: Document, path: Path, runbook: str, said: Section, windows: Mapping[str, Window]) -> ApprovalRule:
    approvers = _people(document, (*path, "from"), said["from"])
    escalate_to = _people(document, (*path, "escalate-to"), said.get("escalate-to", []))
    of = cast("int", said.get("of", 1))
    most = len({*approvers, *escalate_to})
    if approvers and of > most:
        wrong = f"{most} can approve, fewer than are needed"
        document.refuse((*path, "of"), of, wrong, f"write {most} or less, or name more people")
    expires = read_duration(str(said.get("expires-after", "24h")))
    remind = read_duration(str(said.get("remind-before", "1h")))
    escalate = read_duration(str(said["escalate-after"])) if "escalate-after" in said else expires / 2
    for key, length in (("remind-before", remind), ("escalate-after", escalate)):
        if length >= expires:
            document.refuse((*path, key), said.get(key, ""), "the request has expired by then", "write less")
    hours = known_window(document, (*path, "hours"), said["hours"], windows) if "hours" in said else None
    return ApprovalRule(
        runbook=runbook,
        approvers=approvers,
        label=_label(said["from"]),
        rings=frozenset(texts(said.get("rings"))),
        risks=frozenset(texts(said.get("risk"))),
        of=of,
        self_approval=None if "self" not in said else said["self"] == "allow",
        hours=hours,
        expires_after=expires,
        remind_before=remind,
        escalate_to=escalate_to,
        escalate_label=_label(said.get("escalate-to", [])),
        escalate_after=escalate,
    )


def _people(document: Document, path: Path, said: Value) -> tuple[str, ...]:
    """People's names, groups resolved, each once. What is neither is refused: a slip gives nobody a right."""
    people, groups = section(document.root, "people"), section(document.root, "groups")
    found: list[str] = []
    for name in _listed(said):
        if name in groups:
            found += texts(groups[name])
        elif name in people:
            found.append(name)
        else:
            document.refuse(path, name, "neither a person nor a group has this name", _add_person(name))
    return tuple(dict.fromkeys(found))


def _check_rings(document: Document, path: Path, said: Section, rings: Sequence[Ring]) -> None:
    known = [ring.name for ring in rings]
    for number, name in enumerate(texts(said.get("rings"))):
        if name not in known:
            document.refuse((*path, "rings", number), name, "no ring has this name", f"write {' or '.join(known)}")


def _listed(said: Value) -> Iterator[str]:
    yield from [said] if isinstance(said, str) else texts(said)


def _label(said: Value) -> str:
    return ", ".join(_listed(said))


def _add_person(name: str) -> str:
    return f"add it under people: as in {name}: {{slack: U0123ABCD}}"
