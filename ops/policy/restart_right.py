"""Whether Azure would refuse the restart of a machine, known before its node is cordoned (docs/reboot.md, rule 7).

A restart is refused if a `ReadOnly` lock or a deny assignment applies to the node resource group, or if no role of the bot's
identity grants it. Azure lists all three; only a list at or above the resource group is read, so a lock or a deny assignment
on a single machine or scale set is met by the restart itself.

What cannot be known does not hold back a reboot, because the lists are newer than many deployments: an identity that may not
read them (403) would otherwise never reboot a node again. Then only the restart shows the refusal, after one drain, and the
plan says what was not checked. This also holds for a deny assignment that depends on the members of a group or on a condition.
A list that only cannot be read now is waited for.
"""

from collections.abc import Iterator

from ops.model.arm_actions import RESTART_INSTANCE, RESTART_MACHINE
from ops.model.azure_names import azure_key
from ops.model.fleet import Unknown
from ops.model.restart_right import AccessLists, DenyAssignment, PermissionSet, Principal, RestartRight

# "All principals" in a deny assignment (Microsoft Learn, "List Azure deny assignments").
_EVERYONE = "00000000-0000-0000-0000-000000000000"
_SHOWN = 100


def restart_right(lists: AccessLists) -> RestartRight | Unknown:
    """Returns what the lists say about restarts; Unknown if one of them may be readable later."""
    parts = (lists.permissions, lists.deny_assignments, lists.locks, lists.identity)
    passing = next((part for part in parts if isinstance(part, Unknown) and part.transient), None)
    if passing is not None:
        return passing
    return RestartRight(
        _refusal(lists, RESTART_INSTANCE), _refusal(lists, RESTART_MACHINE), tuple(dict.fromkeys(_unchecked(lists)))
    )


def grants(permissions: tuple[PermissionSet, ...], action: str) -> bool:
    """Whether one of these sets contains the action. Azure compares actions case-insensitively; `*` is any text."""
    return any(
        any(_covers(pattern, action) for pattern in each.actions)
        and not any(_covers(pattern, action) for pattern in each.not_actions)
        for each in permissions
    )


def _refusal(lists: AccessLists, action: str) -> str:
    """Returns why the action is refused, or an empty text."""
    if not isinstance(lists.locks, Unknown):
        for lock in lists.locks:
            if lock.level.casefold() == "readonly":
                return f"the lock {lock.name[:_SHOWN]} (ReadOnly) applies to {lists.group}: remove it, or ask its owner"
    if not isinstance(lists.deny_assignments, Unknown):
        for denial in lists.deny_assignments:
            if _denies(denial, action) and _applies(denial, lists.identity) is True:
                return (
                    f"the deny assignment {denial.name[:_SHOWN]} applies to {lists.group}: "
                    "exclude the bot's identity from it, or ask its owner"
                )
    if not isinstance(lists.permissions, Unknown) and not grants(lists.permissions, action):
        return (
            f"no role grants {action} in {lists.group}: "
            "assign the role Daytwo reboots with the command that `daytwo role-assignments` prints"
        )
    return ""


def _unchecked(lists: AccessLists) -> Iterator[str]:
    named = {"permissions": lists.permissions, "deny assignments": lists.deny_assignments, "locks": lists.locks}
    for name, listed in named.items():
        if isinstance(listed, Unknown):
            yield f"the {name} in {lists.group}: {listed.why}"
    if isinstance(lists.deny_assignments, Unknown):
        return
    for denial in lists.deny_assignments:
        concerns = any(_denies(denial, action) for action in (RESTART_INSTANCE, RESTART_MACHINE))
        if concerns and _applies(denial, lists.identity) is None:
            yield f"whether the deny assignment {denial.name[:_SHOWN]} applies to the bot's identity"


def _denies(denial: DenyAssignment, action: str) -> bool:
    """Whether it denies the action on what is below the resource group."""
    return denial.inherited and grants(denial.denied, action)


def _applies(denial: DenyAssignment, identity: str | Unknown) -> bool | None:
    """Whether it applies to the bot's identity; None if that depends on what is not read."""
    named, excluded = _among(denial.principals, identity), _among(denial.excluded, identity)
    if named is False or excluded is True:
        return False
    return True if named and excluded is False and not denial.conditional else None


def _among(principals: tuple[Principal, ...], identity: str | Unknown) -> bool | None:
    """Whether the identity is one of them; None if it could be: it is unknown, or can be a member of a group."""
    ids = {azure_key(each.id) for each in principals}
    if _EVERYONE in ids or (not isinstance(identity, Unknown) and azure_key(identity) in ids):
        return True
    could_be = isinstance(identity, Unknown) or any(each.kind.casefold() == "group" for each in principals)
    return None if principals and could_be else False


def _covers(pattern: str, action: str) -> bool:
    """Whether the pattern matches the whole action, in linear time: the text of a pattern comes from outside."""
    first, *parts = pattern.casefold().split("*")
    text = action.casefold()
    if not parts:
        return text == first
    *inner, last = parts
    if not text.startswith(first):
        return False
    at = len(first)
    for part in inner:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return text.endswith(last) and len(text) - len(last) >= at
