"""A day of the ledger that is damaged, changed or full continues in its next part, and the chain of hashes covers all parts."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import pytest

from ops.adapters.azure_ledger import AzureLedger
from ops.adapters.chained_ledger import MOST_ENTRIES
from ops.adapters.file_ledger import FileLedger
from ops.model.ledger import Entry
from ops.ports.errors import LedgerBrokenError
from ops.ports.store import Ledger
from tests.fakes import MONDAY
from tests.tools.azurite import Azurite

PAGE = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"
DAY = "2026-11-16"
ENTRY = Entry("run|plan", MONDAY, "plan", "run", "user1: old → new", data={"plan": "abc"})


class Storage(Protocol):
    """The storage of a ledger, as another program would change it."""

    def open(self, most_entries: int = 45_000) -> Ledger:
        """The ledger, opened as another process would."""
        ...

    def read(self, name: str) -> bytes:
        """The content of a part."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Replace the content of a part."""
        ...


@dataclass(frozen=True)
class Files:
    """Files in a folder."""

    folder: Path

    def open(self, most_entries: int = 45_000) -> Ledger:
        return FileLedger(self.folder, most_entries)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        (self.folder / name).write_bytes(content)


@dataclass(frozen=True)
class Blobs:
    """Blobs in a container of the storage emulator."""

    azurite: Azurite
    container: str

    def open(self, most_entries: int = 45_000) -> Ledger:
        return AzureLedger(self.azurite.blobs_url, self.azurite.credential, self.container, most_entries)

    def read(self, name: str) -> bytes:
        content: bytes = self._blob(name).download_blob().readall()
        return content

    def write(self, name: str, content: bytes) -> None:
        blob = self._blob(name)
        blob.create_append_blob()
        blob.append_block(content)

    def _blob(self, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the SDK's client
        from azure.storage.blob import BlobServiceClient  # noqa: PLC0415 - needed with the emulator only

        service = BlobServiceClient(self.azurite.blobs_url, credential=self.azurite.credential)
        return service.get_blob_client(self.container, name)


@pytest.fixture(params=["file", "azure"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "file":
        return Files(tmp_path)
    return Blobs(request.getfixturevalue("azurite"), f"p{uuid4().hex}")


def write(ledger: Ledger, *numbers: int) -> None:
    for number in numbers:
        ledger.append(replace(ENTRY, key=f"k{number}"))


def keys(ledger: Ledger) -> list[str]:
    return [entry.key for entry in ledger.entries(DAY)]


def edited(content: bytes) -> bytes:
    lines = content.splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), "text": "nothing happened"}).encode()
    return b"\n".join(lines) + b"\n"


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "not JSON": lambda content: content + b"{torn\n",
    "not UTF-8": lambda content: content + b"\xff\xfe\n",
    "not an object": lambda content: content + b"[1]\n",
    "missing fields": lambda content: content + b"{}\n",
    "brackets": lambda content: content + b"[" * 100_000 + b"\n",
    "empty line": lambda content: content + b"\n",
    "changed": edited,
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_day_that_does_not_verify_continues_in_its_next_part(storage: Storage, how: str) -> None:
    write(storage.open(), 0, 1, 2)
    storage.write(f"{DAY}.jsonl", BROKEN[how](storage.read(f"{DAY}.jsonl")))
    damaged = storage.read(f"{DAY}.jsonl")
    with pytest.raises(LedgerBrokenError):
        keys(storage.open())
    good = 1 if how == "changed" else 3
    write(storage.open(), 3, 4)
    write(storage.open(), 4, 5)
    assert storage.read(f"{DAY}.jsonl") == damaged
    first = json.loads(storage.read(f"{DAY}-2.jsonl").splitlines()[0])
    known = [json.loads(line) for line in damaged.splitlines()[:good]]
    assert (first["data"]["previous"], first["data"]["hash"]) == (f"{DAY}.jsonl", known[-1]["hash"])
    assert keys(storage.open()) == [
        *(entry["key"] for entry in known), f"ledger-part|{DAY}-2.jsonl", "k3", "k4", "k5"
    ]  # fmt: skip
    (said,) = storage.open().damage(DAY)
    assert said.startswith(f"{DAY}.jsonl ")


def test_a_line_that_is_incomplete_in_azure_cannot_be_removed_and_is_left_behind(azurite: Azurite) -> None:
    storage = Blobs(azurite, f"p{uuid4().hex}")
    write(storage.open(), 0, 1)
    storage.write(f"{DAY}.jsonl", storage.read(f"{DAY}.jsonl")[:-20])
    write(storage.open(), 1)
    assert keys(storage.open()) == ["k0", f"ledger-part|{DAY}-2.jsonl", "k1"]
    assert storage.open().damage(DAY) == (f"{DAY}.jsonl has an incomplete line 2",)


def test_a_living_process_notices_damage_before_its_next_entry(storage: Storage) -> None:
    ledger = storage.open()
    write(ledger, 0)
    storage.write(f"{DAY}.jsonl", storage.read(f"{DAY}.jsonl") + b"torn by another program\n")
    write(ledger, 1)
    assert keys(storage.open()) == ["k0", f"ledger-part|{DAY}-2.jsonl", "k1"]


def test_a_full_part_continues_in_the_next_one_without_damage(storage: Storage) -> None:
    ledger = storage.open(3)
    write(ledger, *range(6))
    write(storage.open(3), 6)
    assert [key for key in keys(storage.open()) if key.startswith("k")] == [f"k{number}" for number in range(7)]
    assert json.loads(storage.read(f"{DAY}-3.jsonl").splitlines()[0])["data"]["reason"] == "full"
    assert storage.open().damage(DAY) == ()


def test_a_part_has_fewer_entries_than_a_blob_has_blocks() -> None:
    """An append blob has at most 50,000 blocks, one per entry, and several instances can append at the same time."""
    assert MOST_ENTRIES == 45_000
    assert f"{MOST_ENTRIES:,} entries" in PAGE.read_text()


def test_a_key_in_an_earlier_part_is_not_written_again(storage: Storage) -> None:
    write(storage.open(2), 0, 1, 2, 3)
    write(storage.open(2), 0, 1, 2, 3)
    assert [key for key in keys(storage.open()) if key.startswith("k")] == ["k0", "k1", "k2", "k3"]


def test_several_writers_begin_one_next_part(storage: Storage) -> None:
    ledgers = [storage.open(5) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: write(ledgers[n % 3], n), range(18)))
    found = [key for key in keys(storage.open()) if key.startswith("k")]
    assert sorted(found) == sorted(f"k{number}" for number in range(18))
    assert storage.open().damage(DAY) == ()


@pytest.mark.parametrize("change", ["edit", "drop", "shorten"])
def test_a_part_that_is_changed_after_the_next_one_began_is_detected(storage: Storage, change: str) -> None:
    write(storage.open(3), *range(5))
    content = storage.read(f"{DAY}.jsonl")
    lines = content.splitlines(keepends=True)
    storage.write(
        f"{DAY}.jsonl",
        {"edit": edited(content), "drop": lines[0] + lines[2], "shorten": lines[0] + lines[1]}[change],
    )
    with pytest.raises(LedgerBrokenError, match="was changed"):
        keys(storage.open())
    assert len(storage.open().damage(DAY)) == 1


def test_a_part_that_was_created_and_never_written_is_used(storage: Storage) -> None:
    write(storage.open(2), 0, 1)
    if isinstance(storage, Files):
        storage.write(f"{DAY}-2.jsonl", b"")
    else:
        storage._blob(f"{DAY}-2.jsonl").create_append_blob()  # type: ignore[attr-defined]  # noqa: SLF001 - the fixture's
    assert keys(storage.open()) == ["k0", "k1"]
    write(storage.open(2), 2)
    assert keys(storage.open()) == ["k0", "k1", f"ledger-part|{DAY}-2.jsonl", "k2"]


def test_text_with_half_of_a_surrogate_pair_is_written(storage: Storage) -> None:
    storage.open().append(replace(ENTRY, text="half \ud83d of a pair"))
    (entry,) = storage.open().entries(DAY)
    assert entry.text == "half \ud83d of a pair"
