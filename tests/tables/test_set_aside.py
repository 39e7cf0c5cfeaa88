"""Loops over items continue after an item that fails, and report it until it succeeds or no longer exists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from ops.adapters.sqlite_store import SqliteStore
from ops.messaging.conditions import report_set_aside
from ops.model.json import Json
from ops.ports.errors import TryLaterError, UnreadableError
from ops.ports.store import Record
from ops.tables.base import Table
from ops.tables.set_aside import each, set_aside_notes
from tests.fakes import World


@dataclass(frozen=True)
class Thing:
    """A record whose fields are all optional."""

    number: int = 0


def failing(store: SqliteStore, bad: Sequence[str], items: Sequence[str] = "abc") -> list[str]:
    """Process the items, some of which fail. Return those that were processed."""
    done = []

    def work(item: str) -> None:
        if item in bad:
            raise ZeroDivisionError(item)
        done.append(item)

    each(store, "letters", items, work)
    return done


def notes(store: SqliteStore) -> list[str]:
    return sorted(f"{note.value.kind} {note.value.key}: {note.value.why}" for note in set_aside_notes(store).scan())


def test_an_item_that_fails_is_set_aside_and_the_others_are_processed() -> None:
    store = SqliteStore(":memory:")
    assert failing(store, bad="b") == ["a", "c"]
    assert notes(store) == ["letters b: ZeroDivisionError: b"]


def test_an_item_is_forgotten_once_it_succeeds() -> None:
    store = SqliteStore(":memory:")
    failing(store, bad="b")
    failing(store, bad="")
    assert notes(store) == []


def test_an_item_that_does_not_occur_this_time_is_remembered() -> None:
    store = SqliteStore(":memory:")
    failing(store, bad="b")
    failing(store, bad="", items="ac")
    assert notes(store) == ["letters b: ZeroDivisionError: b"]


def test_an_item_that_no_longer_occurs_is_forgotten_after_some_days() -> None:
    world = World()
    failing(world.store, bad="b")
    for _ in range(2):
        report_set_aside(world.context.ports, world.clock.advance(days=7))
        assert len(notes(world.store)) == 1
    report_set_aside(world.context.ports, world.clock.advance(days=2))
    assert notes(world.store) == []


def test_a_store_that_does_not_answer_between_the_items_does_not_end_the_loop() -> None:
    class Failing(SqliteStore):
        """A store that refuses to write what was set aside."""

        def insert(self, kind: str, key: str, value: Json) -> bool:
            raise TryLaterError(f"writing {kind} {key} {value}: it is down")

        def scan(self, kind: str, prefix: str = "") -> Iterator[Record]:
            raise TryLaterError(f"listing {kind} {prefix}: it is down")

    assert failing(Failing(":memory:"), bad="b") == ["a", "c"]


def test_another_loops_items_are_not_forgotten() -> None:
    store = SqliteStore(":memory:")
    failing(store, bad="b")
    each(store, "numbers", (), lambda _: None)
    assert notes(store) == ["letters b: ZeroDivisionError: b"]


@pytest.mark.parametrize("error", [TryLaterError("it is down"), UnreadableError("run x: newer")])
def test_a_refusal_from_outside_is_logged_and_not_set_aside(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    store = SqliteStore(":memory:")

    def work(_: str) -> None:
        raise error

    each(store, "letters", "a", work)
    assert notes(store) == []
    assert str(error) in caplog.text


def test_a_record_of_a_newer_version_cannot_be_read() -> None:
    store = SqliteStore(":memory:")
    table = Table(store, "thing", Thing)
    table.insert("a", Thing(1))
    store.insert("thing", "b", {"_v": 2, "number": 2})
    assert [stored.value for stored in table.scan()] == [Thing(1)]
    with pytest.raises(UnreadableError, match="thing b: a newer version of Daytwo stored this Thing"):
        table.get("b")


def test_every_record_carries_its_version() -> None:
    store = SqliteStore(":memory:")
    Table(store, "thing", Thing).insert("a", Thing(1))
    record = store.get("thing", "a")
    assert record is not None
    assert record.value == {"_v": 1, "number": 1}
