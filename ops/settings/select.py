"""Which clusters a ring, a schedule or a route selects."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from msgspec import Meta, field

from ops.settings.fields import Guid, TagValues
from ops.settings.part import Finding, Part


class Select(Part, frozen=True):
    """Selects clusters: each given part must match. At least one part is required.

    Everything except tag values is case-insensitive, as in Azure. If a select names subscriptions or resource groups, a tag
    can only narrow it: someone who can change tags cannot move another cluster into it.
    """

    tags: Annotated[
        dict[str, TagValues],
        Meta(
            min_length=1,
            description="Tags of the cluster. Each key must have the value, or one of the values.",
            examples=[{"env": ["dev", "test"]}],
        ),
    ] = field(default_factory=dict)
    names: Annotated[
        tuple[Annotated[str, Meta(min_length=1, examples=["shop-*"])], ...],
        Meta(
            min_length=1,
            description="Names of clusters; `*` matches any characters. One of the names must match.",
            examples=[["shop-*"]],
        ),
    ] = ()
    regions: Annotated[
        tuple[Annotated[str, Meta(min_length=1, examples=["westeurope"])], ...],
        Meta(
            min_length=1,
            description="Azure regions by their short names. One of the regions must match.",
            examples=[["westeurope"]],
        ),
    ] = ()
    subscriptions: Annotated[
        tuple[Annotated[Guid, Meta(description="The id of a subscription.")], ...],
        Meta(
            min_length=1,
            description="The ids of Azure subscriptions. The cluster must be in one of them.",
            examples=[["00000000-0000-0000-0000-000000000000"]],
        ),
    ] = ()
    resource_groups: Annotated[
        tuple[Annotated[str, Meta(min_length=1, examples=["rg-shop-prod"])], ...],
        Meta(
            min_length=1,
            description="Names of resource groups; `*` matches any characters. The cluster must be in one of them.",
            examples=[["rg-shop-*"]],
        ),
    ] = ()
    example: ClassVar[Mapping[str, object]] = {"tags": {"env": "prod"}}
    constraints: ClassVar[Mapping[str, object]] = {"minProperties": 1}

    @property
    def empty(self) -> bool:
        """Whether no part is given, so that nothing matches."""
        return not (self.tags or self.names or self.regions or self.subscriptions or self.resource_groups)

    def findings(self) -> Iterator[Finding]:
        """Reports an empty select, since it would select nothing."""
        if self.empty:
            yield Finding((), {}, "this selects nothing", "write it like {tags: {env: prod}}")
