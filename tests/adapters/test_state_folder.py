"""The folder of the local records: private, used by one process, and clear about what is wrong with it. Nothing is lost."""

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ops.adapters.file_ledger import FileLedger
from ops.adapters.sqlite_store import SqliteStore
from ops.adapters.state_folder import lock_folder, state_refusals
from ops.model.ledger import Entry
from ops.ports.errors import StateUnavailableError
from tests.fakes import MONDAY

DAY = "2026-11-16"
ENTRY = Entry("k0", MONDAY, "plan", "run", "x" * 200)


@contextmanager
def file_size_limit(limit: int) -> Iterator[None]:
    """Limit the size of every file that this process writes, as a full disk does: a write is cut short, and then fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def keys(ledger: FileLedger) -> list[str]:
    return [entry.key for entry in ledger.entries(DAY)]


def test_a_ledger_entry_that_does_not_fit_on_the_disk_is_taken_back_and_written_later(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path)
    ledger.append(ENTRY)
    file = tmp_path / f"{DAY}.jsonl"
    whole = file.read_bytes()
    with (
        file_size_limit(len(whole) + 40),
        pytest.raises(StateUnavailableError, match=rf"{file}: File too large. Free space on this disk, and try again."),
    ):
        ledger.append(replace(ENTRY, key="k1"))
    assert file.read_bytes() == whole
    ledger.append(replace(ENTRY, key="k1"))
    ledger.append(replace(ENTRY, key="k2"))
    assert keys(FileLedger(tmp_path)) == ["k0", "k1", "k2"]
    assert FileLedger(tmp_path).damage(DAY) == ()


def test_a_torn_line_that_could_not_be_taken_back_is_removed_before_the_next_entry(tmp_path: Path) -> None:
    ledger = FileLedger(tmp_path)
    ledger.append(ENTRY)
    with (tmp_path / f"{DAY}.jsonl").open("ab") as file:
        file.write(b'{"key": "k1", "at"')
    ledger.append(replace(ENTRY, key="k1"))
    assert keys(FileLedger(tmp_path)) == ["k0", "k1"]


def test_a_record_that_does_not_fit_on_the_disk_is_refused_and_the_others_remain(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = SqliteStore(path)
    store.insert("run", "a", {"text": "kept"})
    with file_size_limit(4096), pytest.raises(StateUnavailableError, match=rf"{path}: .*and try again\."):
        store.put_content(os.urandom(1_000_000))
    store.insert("run", "b", {"text": "later"})
    assert [record.key for record in SqliteStore(path).scan("run")] == ["a", "b"]


def test_a_full_disk_is_named_with_its_remedy(tmp_path: Path) -> None:
    """`max_page_count` makes SQLite report SQLITE_FULL, as it does when a write returns ENOSPC."""
    store = SqliteStore(tmp_path / "store.sqlite")
    store._db.execute("pragma max_page_count = 8")  # noqa: SLF001 - a setting of the connection
    with pytest.raises(StateUnavailableError, match=r"store.sqlite: database or disk is full. Free space on this disk"):
        store.put_content(os.urandom(100_000))


@pytest.mark.parametrize(
    ("content", "remedy"),
    [(b"this is not a database, but it is long enough " * 40, "Restore it from a backup"), (None, "Make it writable")],
)
def test_a_store_that_cannot_be_opened_is_named_with_its_remedy(
    tmp_path: Path, content: bytes | None, remedy: str
) -> None:
    path = tmp_path / "store.sqlite"
    if content is None:
        path.mkdir()
        remedy = "Check the disk"
    else:
        path.write_bytes(content)
    with pytest.raises(StateUnavailableError, match=rf"{path}: .*{remedy}, and try again\."):
        SqliteStore(path)
    if content is not None:
        assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (OSError(28, "No space left on device"), "Free space on this disk"),
        (OSError(122, "Disk quota exceeded"), "Free space on this disk"),
        (OSError(30, "Read-only file system"), "Make it writable for the user that runs Daytwo"),
        (PermissionError(13, "Permission denied"), "Make it writable for the user that runs Daytwo"),
        (OSError(5, "Input/output error"), "Check the disk"),
    ],
)
def test_each_refusal_of_the_file_system_has_a_remedy(error: OSError, remedy: str) -> None:
    with pytest.raises(StateUnavailableError) as refused, state_refusals("/state/store.sqlite"):
        raise error
    assert str(refused.value) == f"/state/store.sqlite: {error.strerror}. {remedy}, and try again."


def test_all_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        folder = tmp_path / "state"
        os.close(lock_folder(folder))
        FileLedger(folder / "ledger").append(ENTRY)
        store = SqliteStore(folder / "store.sqlite")
        store.insert("run", "a", {})
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [folder, *folder.rglob("*")]}
    finally:
        os.umask(before)
    assert modes == {
        "state": 0o700,
        "ledger": 0o700,
        "lock": 0o600,
        f"{DAY}.jsonl": 0o600,
        "store.sqlite": 0o600,
        "store.sqlite-wal": 0o600,
        "store.sqlite-shm": 0o600,
    }


def test_files_and_folders_of_an_earlier_version_become_private(tmp_path: Path) -> None:
    """The store is still open, as after a `kill -9`, so that its `-wal` and `-shm` files exist."""
    folder = tmp_path / "state"
    os.close(lock_folder(folder))
    FileLedger(folder / "ledger").append(ENTRY)
    left = SqliteStore(folder / "store.sqlite")
    left.insert("run", "a", {})
    every = [folder, *folder.rglob("*")]
    for path in every:
        path.chmod(0o755 if path.is_dir() else 0o644)
    os.close(lock_folder(folder))
    FileLedger(folder / "ledger")
    SqliteStore(folder / "store.sqlite")
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in every} == {
        path.name: 0o700 if path.is_dir() else 0o600 for path in every
    }
    assert len(every) == 7


def test_a_folder_that_all_users_share_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    os.close(lock_folder(tmp_path))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777


def test_a_file_system_without_modes_is_usable_and_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tmp_path.chmod(0o755)

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    os.close(lock_folder(tmp_path))
    assert "other users may be able to read it" in caplog.text


def test_one_process_uses_a_folder_until_it_ends(tmp_path: Path) -> None:
    held = lock_folder(tmp_path)
    code = f"from pathlib import Path; from ops.adapters.state_folder import lock_folder; lock_folder(Path({str(tmp_path)!r}))"
    refused = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert "StateUnavailableError" in refused.stderr
    assert (
        f"{tmp_path}/lock: another process uses this folder. Stop that process, or use another folder" in refused.stderr
    )
    os.close(held)
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own code
