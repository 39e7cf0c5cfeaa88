"""The section `cost` (docs/budget.md)."""

from typing import Annotated, Literal

from msgspec import Meta, field

from ops.settings.part import Part, Section


class Budget(Part, frozen=True):
    """A budget, and what Daytwo offers when it is exceeded."""

    name: Annotated[
        str, Meta(min_length=1, max_length=63, description="The budget's name in Azure.", examples=["platform"])
    ]
    offers: Annotated[
        tuple[Annotated[Literal["stop-dev-clusters"], Meta(examples=["stop-dev-clusters"])], ...],
        Meta(
            description=(
                "What the message offers: `stop-dev-clusters` plans to stop the clusters that `power` can stop. Default: nothing."
            ),
            examples=[["stop-dev-clusters"]],
            extra_json_schema={"uniqueItems": True},
        ),
    ] = field(name="offer", default=())


class CostSettings(Part, frozen=True):
    """Explains budget alerts."""

    budgets: Annotated[
        tuple[Budget, ...],
        Meta(
            description="Budgets by their names in Azure. Default: none; alerts for other budgets are reported without offers.",
            examples=[[{"name": "platform", "offer": ["stop-dev-clusters"]}]],
        ),
    ] = ()


COST: Section[CostSettings | None] = Section(
    "cost",
    CostSettings,
    "What Daytwo offers in its messages about budget alerts. Without this section they are reported without offers.",
    docs="budget.md",
    renamed={"budgets[].offer[]=sleep-dev": "stop-dev-clusters"},
)
