"""The section `tags` (docs/tags.md)."""

from typing import ClassVar

from ops.settings.approval import Approvable
from ops.settings.part import Section


class TagsSettings(Approvable, frozen=True, kw_only=True):
    """Who approves changes of tags that loosen what is done with a cluster. Default: the approvers of its ring's other runbooks."""

    inherits_approval: ClassVar[bool] = True


TAGS: Section[TagsSettings] = Section(
    "tags",
    TagsSettings,
    "Who approves changes of tags that loosen what is done with a cluster. Such changes are always held. Without a rule here, "
    "the rules that the other runbooks have for the ring apply.",
    docs="tags.md",
    absent=TagsSettings(),
)
