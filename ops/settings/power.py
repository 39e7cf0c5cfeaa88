"""The section `power` (docs/power.md)."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta, field

from ops.model.calendar import Window
from ops.settings.fields import Zone
from ops.settings.overlap import same_clusters
from ops.settings.part import Finding, Part, Section
from ops.settings.readers import FieldError, read_awake
from ops.settings.select import Select


class Schedule(Part, frozen=True):
    """Clusters that are stopped outside their hours."""

    select: Annotated[Select, Meta(description="Which clusters the schedule applies to, never those of the last ring.")]
    hours: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z, -]* \d{1,2}:\d{2}-\d{1,2}:\d{2}$")] | None,
        Meta(
            description=(
                "When these clusters run, as days and times; Daytwo stops them otherwise. A cluster's tag `daytwo-awake` can "
                "shorten these hours. A whole day is `00:00-24:00`. Default: only the hours in the tag, so that each team "
                "decides for its cluster."
            ),
            examples=["mon-fri 08:00-19:00"],
        ),
    ] = field(name="awake", default=None)
    zone: Annotated[
        Zone | None,
        Meta(
            description=(
                "The time zone of `awake`, and of the tag `daytwo-awake`. Required if `awake` is set. Default: UTC, which applies "
                "to the tag only."
            )
        ),
    ] = None

    @property
    def awake(self) -> Window | None:
        """When these clusters run; None if only each cluster's own tag says when."""
        return None if self.hours is None or self.zone is None else read_awake(self.hours, self.zone)

    def findings(self) -> Iterator[Finding]:
        """Reports hours that cannot be read, or have no zone."""
        if self.hours is None:
            return
        if self.zone is None:
            yield Finding(("awake",), self.hours, "times need a zone", "add zone:, for example zone: Europe/Amsterdam")
            return
        try:
            read_awake(self.hours, self.zone)
        except FieldError as error:
            yield Finding(("awake",), self.hours, error.wrong, error.remedy)


def _check(schedules: tuple[Schedule, ...], others: Mapping[str, Any]) -> Iterator[Finding]:
    last = others["fleet"].rings[-1] if "fleet" in others else None
    for number, schedule in enumerate(schedules):
        if last is not None and same_clusters(schedule.select, last.select):
            wrong = f"this selects the last ring, {last.name}, whose clusters are never stopped"
            yield Finding((number, "select"), last.name, wrong, "select clusters of an earlier ring")


POWER: Section[tuple[Schedule, ...]] = Section(
    "power",
    tuple[Schedule, ...],
    "Which clusters are stopped outside their hours. Clusters that are in the last ring or not in a ring are never stopped.",
    docs="power.md",
    absent=(),
    check=_check,
)
