"""The section `tags` (docs/tags.md)."""

from collections.abc import Iterator
from typing import ClassVar

from ops.settings.approval import Approvable
from ops.settings.part import Finding, Section

# The risk of a plan that accepts changes of tags. No rule can name it.
RISK = "tags"


class TagsSettings(Approvable, frozen=True, kw_only=True):
    """Who approves changes of tags that loosen what is done with a cluster. Default: the approvers of its ring's other runbooks."""

    inherits_approval: ClassVar[bool] = True

    def findings(self) -> Iterator[Finding]:
        """Reports rules for a risk: a change of tags has none, so such a rule would never apply."""
        for rule in self.approval:
            if rule.risks:
                wrong = "a change of tags has no risk, so this rule would never apply"
                yield Finding(("approval",), ", ".join(sorted(rule.risks)), wrong, "leave out `risk`")


TAGS: Section[TagsSettings] = Section(
    "tags",
    TagsSettings,
    "Who approves changes of tags that loosen what is done with a cluster. Such changes are always held. Without a rule here, "
    "the rules that the other runbooks have for the ring apply.",
    docs="tags.md",
    absent=TagsSettings(),
)
