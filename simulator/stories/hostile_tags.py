"""A hostile tag writer: someone who may change the tags of clusters, and nothing else, and tries to harm them with that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from simulator.world.world import World

WHO = "mallory, who may write tags"
_NEVER = "sun 03:00-03:01"


@dataclass(frozen=True, slots=True)
class TagEdit:
    """Tags that are set on one cluster at one time; None removes a tag. The other tags stay as they are."""

    at: datetime
    cluster: str
    tags: Mapping[str, str | None]
    created_again: bool = False


def schedule(world: World, edits: Iterable[TagEdit], who: str = WHO) -> None:
    """Schedules the edits in the world's time.

    Raises:
        KeyError: the fleet does not have a cluster with this name.
    """
    for edit in edits:
        cluster = world.clusters[edit.cluster]
        world.core.scheduler.at(edit.at, partial(_apply, world, cluster.name, edit, who))


def attack(cluster: str, start: datetime) -> tuple[TagEdit, ...]:
    """Returns what a tag writer tries on a production cluster within a week, one attempt after the other, each reverted later.

    Moves it to the first ring, takes it out of patching, sends its messages elsewhere, puts it to sleep, tries all of this at
    once, and finally changes one tag back and forth, faster than Daytwo looks.
    """
    day = timedelta(days=1)
    attempts: tuple[Mapping[str, str | None], ...] = (
        {"env": "dev"},
        {"env": None},
        {"team": "mallory"},
        {"daytwo-awake": _NEVER},
        {"env": "dev", "team": "mallory", "daytwo-awake": _NEVER, "note": "\u202every harmless"},
    )
    edits: list[TagEdit] = []
    for number, tags in enumerate(attempts):
        begins = start + number * day
        edits += [TagEdit(begins, cluster, tags), TagEdit(begins + day / 2, cluster, _reverted(tags))]
    flips = start + len(attempts) * day
    for minutes in range(0, 60, 5):
        edits.append(TagEdit(flips + timedelta(minutes=minutes), cluster, {"env": "dev" if minutes % 10 else "prod"}))
    return (*edits, TagEdit(flips + day / 2, cluster, {"env": "prod"}))


def _reverted(tags: Mapping[str, str | None]) -> dict[str, str | None]:
    return {key: "prod" if key == "env" else None for key in tags}


def _apply(world: World, name: str, edit: TagEdit, who: str) -> None:
    cluster = world.clusters[name]
    changed = {**cluster.tags, **edit.tags}
    tags = {key: value for key, value in changed.items() if value is not None}
    world.change_tags(cluster, tags, who, created_again=edit.created_again)
