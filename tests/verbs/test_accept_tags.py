"""Accepting a cluster's tags, call by call: exactly the tags of the plan, or none (docs/tags.md)."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from ops.adapters.sqlite_store import SqliteStore
from ops.model.json import Json
from ops.model.outcome import Done, Ready, Refused, Stale
from ops.model.reasons import FailureCode
from ops.model.tags import AcceptedTags
from ops.ports.errors import ConflictError
from ops.tables.accepted_tags import accepted_tags, accepted_tags_of
from ops.tables.base import store_key
from ops.verbs.accept_tags import VERB
from ops.verbs.contract import StepContext
from tests.driving import NIGHT
from tests.fakes import MONDAY, World, cluster
from tests.verbs.steps import context, world_of

BEFORE, AFTER = {"env": "prod", "note": "a"}, {"Env": "dev", "note": "b"}
PARAMS = {
    "accepted": json.dumps({"env": "prod", "tier": None}),
    "tags": json.dumps({"env": "dev", "tier": None}),
    "effect": "ring: production → pre-production",
}
DONE = Done("accepted: ring: production → pre-production")
CHANGED = Stale("its tags have changed since they were read for this plan")


def world_with(recorded: Mapping[str, str] | None = BEFORE, now: Mapping[str, str] = AFTER, uid: str = "a1") -> World:
    """A world with a cluster, and the record of its accepted tags."""
    of = cluster(tags=now, resource_uid="a1")
    world = world_of(of)
    if recorded is not None:
        accepted_tags(world.store).insert(store_key(of.id), AcceptedTags(recorded, uid, MONDAY, "held", MONDAY))
    return world


def step(world: World) -> StepContext:
    return context(world, PARAMS)


def recorded(world: World) -> AcceptedTags:
    stored = accepted_tags_of(world.store, world.clusters.only.id)
    assert stored is not None
    return stored.value


def test_the_tags_of_the_plan_are_accepted_as_they_are_now() -> None:
    world = world_with()
    before = recorded(world)
    assert VERB.check(step(world)) == Ready()
    assert VERB.begin(step(world)) == DONE
    assert recorded(world) == replace(before, tags=AFTER, at=NIGHT)
    assert VERB.verify(step(world)) == DONE
    assert VERB.check(step(world)) == DONE
    assert VERB.poll(step(world)) == Done(f"the record of {world.clusters.only.id} is written")


@pytest.mark.parametrize(
    ("world", "expected"),
    [
        (world_with(now={"env": "test"}), CHANGED),
        (world_with(now={**AFTER, "tier": "high"}), CHANGED),
        (world_with(recorded={"env": "prod", "tier": "low"}), CHANGED),
        (world_with(recorded={"env": "test"}), CHANGED),
        (world_with(recorded=None), Stale("it is another cluster now, so there is nothing to accept")),
        (world_with(uid="b2"), Stale("it is another cluster now, so there is nothing to accept")),
    ],
    ids=["other tags", "one more", "another record", "other record", "no record", "another cluster"],
)
def test_nothing_is_accepted_if_anything_has_changed_since(world: World, expected: Stale) -> None:
    stored = accepted_tags_of(world.store, world.clusters.only.id)
    assert VERB.check(step(world)) == expected
    assert VERB.begin(step(world)) == expected
    assert accepted_tags_of(world.store, world.clusters.only.id) == stored
    assert VERB.verify(step(world)) == Refused(
        FailureCode.NOT_VERIFIED,
        "the record does not contain the accepted tags",
        "check the tags of the cluster, then start the run again",
    )


class ContestedStore(SqliteStore):
    """A store in which someone else has always written first."""

    def replace(self, kind: str, key: str, value: Json, etag: str) -> str:
        """Refuse.

        Raises:
            ConflictError: always.
        """
        raise ConflictError(f"{kind} {key} is no longer {etag}: {value}")


def test_a_record_that_changes_meanwhile_is_not_overwritten() -> None:
    world = World(store=ContestedStore(":memory:"))
    world.clusters.put(cluster(tags=AFTER, resource_uid="a1"))
    accepted_tags(world.store).insert(store_key(world.clusters.only.id), AcceptedTags(BEFORE, "a1", MONDAY))
    assert VERB.check(step(world)) == Ready()
    assert VERB.begin(step(world)) == CHANGED


def test_it_cannot_be_undone_and_a_cancelled_run_finishes_it() -> None:
    assert (VERB.undo, VERB.on_cancel) == ("", "finish")
