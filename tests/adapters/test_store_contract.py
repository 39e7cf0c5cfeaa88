"""The contract for every store. Each implementation is one parameter of the fixture."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from ops.adapters.azure_store import AzureStore
from ops.adapters.sqlite_store import SqliteStore
from ops.model.json import Json
from ops.ports.errors import ConflictError, NotFoundError
from ops.ports.store import Store
from tests.tools.azurite import Azurite


@pytest.fixture(params=["sqlite", "azure"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        made = SqliteStore(tmp_path / "store.sqlite")
        yield made
        made.close()
        return
    emulator: Azurite = request.getfixturevalue("azurite")
    name = f"t{uuid4().hex}"
    yield AzureStore(emulator.tables_url, emulator.blobs_url, emulator.credential, table=name, container=name)


def test_a_record_is_read_as_it_was_written(store: Store) -> None:
    value: Json = {"a": [1, 2.5, "ü", None, True], "b": {"c": "ü" * 70_000}}
    assert store.insert("run", "one", value)
    record = store.get("run", "one")
    assert record is not None
    assert (record.key, record.value) == ("one", value)


def test_reading_a_missing_record_returns_none(store: Store) -> None:
    assert store.get("run", "missing") is None


def test_insert_writes_only_if_the_record_is_absent(store: Store) -> None:
    assert store.insert("run", "one", {"n": 1})
    assert not store.insert("run", "one", {"n": 2})
    record = store.get("run", "one")
    assert record is not None
    assert record.value == {"n": 1}


def test_replace_overwrites_the_version_that_was_read(store: Store) -> None:
    store.insert("run", "one", 1)
    record = store.get("run", "one")
    assert record is not None
    etag = store.replace("run", "one", 2, record.etag)
    assert etag != record.etag
    with pytest.raises(ConflictError):
        store.replace("run", "one", 3, record.etag)
    store.replace("run", "one", 4, etag)


def test_replacing_a_missing_record_is_a_conflict(store: Store) -> None:
    store.insert("run", "gone", 1)
    record = store.get("run", "gone")
    assert record is not None
    store.delete("run", "gone")
    with pytest.raises(ConflictError):
        store.replace("run", "gone", 2, record.etag)


def test_only_one_of_twenty_simultaneous_writers_inserts_and_only_one_replaces(store: Store) -> None:
    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(lambda n: store.insert("run", "one", n), range(20))) == 1
        record = store.get("run", "one")
        assert record is not None

        def replace(number: int) -> bool:
            try:
                store.replace("run", "one", number, record.etag)
            except ConflictError:
                return False
            return True

        assert sum(pool.map(replace, range(20))) == 1


def test_deleting_a_record_twice_has_no_further_effect(store: Store) -> None:
    store.insert("run", "one", 1)
    store.delete("run", "one")
    store.delete("run", "one")
    assert store.get("run", "one") is None


def test_scan_returns_the_records_of_one_kind_with_a_key_prefix(store: Store) -> None:
    for key in ("b|2", "a|1", "a|3", "a|2", "A|0"):
        store.insert("proof", key, key)
    store.insert("run", "a|9", 1)
    assert [record.key for record in store.scan("proof", "a|")] == ["a|1", "a|2", "a|3"]
    assert len(list(store.scan("proof"))) == 5


def test_content_is_stored_under_its_hash(store: Store) -> None:
    content = b"x" * 300_000
    reference = store.put_content(content)
    assert store.put_content(content) == reference
    assert store.put_content(b"other") != reference
    assert store.get_content(reference) == content
    with pytest.raises(NotFoundError):
        store.get_content("0" * 32)


def test_a_record_is_visible_to_other_processes(tmp_path: Path) -> None:
    first, second = SqliteStore(tmp_path / "s"), SqliteStore(tmp_path / "s")
    first.insert("run", "one", 1)
    assert second.get("run", "one") is not None
