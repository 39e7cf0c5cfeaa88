"""Whether what was done had been approved by people enough (docs/approvals.md, rules 1, 2, 8 and 10)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from simulator.oracle.history import History, Work

type Tree = Mapping[str, object]

_GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """Who has to say yes, by their ids in Slack; no rings are all rings."""

    rings: tuple[str, ...]
    approvers: frozenset[str]
    of: int


def read_approvals(tree: Tree, runbook: str) -> tuple[ApprovalRule, ...]:
    """The rules of a runbook, one or a list."""
    said = cast("Tree", tree.get(runbook, {})).get("approval")
    listed = said if isinstance(said, list) else [said] if said else []
    return tuple(_rule(tree, cast("Tree", each)) for each in listed)


def _rule(tree: Tree, said: Tree) -> ApprovalRule:
    people = cast("Mapping[str, Tree]", tree.get("people", {}))
    groups = cast("Mapping[str, list[str]]", tree.get("groups", {}))
    names: set[str] = set()
    for part in ("from", "escalate-to"):
        for name in _list(said.get(part, [])):
            names.update(groups.get(name, [name]))
    ids = frozenset(str(people[name]["slack"]) for name in names if name in people and "slack" in people[name])
    return ApprovalRule(_list(said.get("rings", [])), ids, int(str(said.get("of", 1))))


def approved(rules: tuple[ApprovalRule, ...], ring: str, work: Work, history: History) -> bool:
    """Whether people enough pressed Approve, in the week before, under a message that named the cluster and the image."""
    rule = next((each for each in rules if not each.rings or ring in each.rings), None)
    if rule is None:
        return True
    names = (work.cluster, work.image.rpartition("-")[2])
    yes = {
        press.user
        for press in history.presses
        if press.action == "approve"
        and press.user in rule.approvers
        and work.began - _GOOD_FOR <= press.at <= work.began
        and all(_names(press.text, name) for name in names)
    }
    return len(yes) >= rule.of


def _names(text: str, name: str) -> bool:
    """Whether a text has the name, and not only one that it is a part of."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _list(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
