"""Whether actions had the required approvals (docs/approvals.md, rules 1, 2, 8 and 10)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from simulator.oracle.history import History, Operation

type Tree = Mapping[str, object]

_GOOD_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """The people whose approval is required, given by Slack user id. A rule without rings applies to all rings."""

    rings: tuple[str, ...]
    approvers: frozenset[str]
    of: int
    self_approval: str = ""

    def allows_self(self, *, is_last: bool) -> bool:
        """Whether requesters can approve their own runs (rule 3); by default not in the last ring."""
        return self.self_approval == "allow" if self.self_approval else not is_last


def read_approvals(tree: Tree, runbook: str) -> tuple[ApprovalRule, ...]:
    """The rules for a runbook, which the configuration gives as one rule or a list."""
    section = cast("Tree", tree.get(runbook, {})).get("approval")
    listed = section if isinstance(section, list) else [section] if section else []
    return tuple(_rule(tree, cast("Tree", each)) for each in listed)


def _rule(tree: Tree, section: Tree) -> ApprovalRule:
    people = cast("Mapping[str, Tree]", tree.get("people", {}))
    groups = cast("Mapping[str, list[str]]", tree.get("groups", {}))
    known: set[str] = set()
    for part in ("from", "escalate-to"):
        for name in _list(section.get(part, [])):
            known.update(groups.get(name, [name]))
    ids = frozenset(str(people[name]["slack"]) for name in known if name in people and "slack" in people[name])
    of, own = int(str(section.get("of", 1))), str(section.get("self", ""))
    return ApprovalRule(_list(section.get("rings", [])), ids, of, own)


def approved(rules: tuple[ApprovalRule, ...], ring: str, operation: Operation, history: History) -> bool:
    """Whether, in the week before, enough people clicked Approve below a message that names the cluster and the image."""
    rule = next((each for each in rules if not each.rings or ring in each.rings), None)
    if rule is None:
        return True
    wanted = (operation.cluster, operation.image.rpartition("-")[2])
    yes = {
        click.user
        for click in history.clicks
        if click.action == "approve"
        and click.user in rule.approvers
        and operation.began - _GOOD_FOR <= click.at <= operation.began
        and all(names(click.text, name) for name in wanted)
    }
    return len(yes) >= rule.of


def names(text: str, name: str) -> bool:
    """Whether a text contains the name, but not as part of a longer name."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


def _list(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)
