"""The contract for every ledger: append-only, hash-chained, and able to detect modifications."""

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient, ContainerSasPermissions, generate_container_sas

from ops.adapters.azure_ledger import AzureLedger
from ops.adapters.file_ledger import FileLedger
from ops.model.ledger import Entry
from ops.ports.errors import LedgerBrokenError
from ops.ports.store import Ledger
from tests.fakes import MONDAY
from tests.tools.azurite import Azurite

DAY = "2026-11-16"
ENTRY = Entry("run|plan", MONDAY, "plan", "run", "user1: old → new", data={"plan": "abc"})


@pytest.fixture(params=["file", "azure"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Ledger]:
    """The same ledger, opened as another process would."""
    if request.param == "file":
        return lambda: FileLedger(tmp_path)
    emulator: Azurite = request.getfixturevalue("azurite")
    name = f"l{uuid4().hex}"
    return lambda: AzureLedger(emulator.blobs_url, emulator.credential, container=name)


def write(ledger: Ledger) -> Ledger:
    for number in range(3):
        ledger.append(replace(ENTRY, key=f"k{number}", at=MONDAY + timedelta(hours=number)))
    return ledger


def reads(caplog: pytest.LogCaptureFixture) -> int:
    """How many times the client downloads a blob."""
    return sum("Request method: 'GET'" in record.getMessage() for record in caplog.records)


def test_entries_are_read_in_order_each_with_the_hash_of_the_previous_one(reopen: Callable[[], Ledger]) -> None:
    write(reopen())
    entries = list(reopen().entries(DAY))
    assert [entry.key for entry in entries] == ["k0", "k1", "k2"]
    assert [entry.previous for entry in entries][1:] == [entry.hash for entry in entries][:-1]


def test_an_entry_is_written_once_even_by_two_processes(reopen: Callable[[], Ledger]) -> None:
    write(reopen())
    write(reopen())
    assert len(list(reopen().entries(DAY))) == 3


def test_text_from_people_is_kept_with_every_kind_of_line_separator(reopen: Callable[[], Ledger]) -> None:
    text = "not tonight\nsee\u2028below\u2029and\u0085there\r\x1c"
    reopen().append(replace(ENTRY, text=text))
    reopen().append(replace(ENTRY, key="k1"))
    assert [entry.text for entry in reopen().entries(DAY)] == [text, ENTRY.text]


def test_a_day_without_entries_is_empty(reopen: Callable[[], Ledger]) -> None:
    assert list(reopen().entries(DAY)) == []


def test_two_writers_in_one_process_keep_one_hash_chain(reopen: Callable[[], Ledger]) -> None:
    ledger = reopen()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.append(replace(ENTRY, key=f"k{n}")), range(24)))
    assert len(list(reopen().entries(DAY))) == 24


def test_several_instances_keep_one_hash_chain_in_azure(azurite: Azurite) -> None:
    ledgers = [AzureLedger(azurite.blobs_url, azurite.credential, container="shared") for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda n: ledgers[n % 3].append(replace(ENTRY, key=f"k{n}")), range(12)))
    assert len(list(ledgers[0].entries(DAY))) == 12


def test_entries_from_another_instance_are_read_before_the_next_write(azurite: Azurite) -> None:
    first, second = (AzureLedger(azurite.blobs_url, azurite.credential, container="turns") for _ in range(2))
    for number in range(4):
        for ledger in (first, second):
            ledger.append(replace(ENTRY, key=f"k{number}"))
    assert [entry.key for entry in second.entries(DAY)] == ["k0", "k1", "k2", "k3"]


def test_a_day_is_read_once_and_afterwards_only_entries_from_others_are_read(
    azurite: Azurite, caplog: pytest.LogCaptureFixture
) -> None:
    alone, other = (AzureLedger(azurite.blobs_url, azurite.credential, container="calls") for _ in range(2))
    caplog.set_level(logging.INFO, "azure.core.pipeline.policies.http_logging_policy")
    for number in range(5):
        alone.append(replace(ENTRY, key=f"k{number}"))
    assert reads(caplog) == 1  # there is no blob yet
    other.append(replace(ENTRY, key="k5"))
    assert reads(caplog) == 3  # the blob, and that there is no second one
    alone.append(replace(ENTRY, key="k6"))
    assert reads(caplog) == 4
    assert len(list(other.entries(DAY))) == 7


@pytest.mark.parametrize("change", ["edit", "drop", "swap"])
def test_a_modified_ledger_is_detected(tmp_path: Path, change: str) -> None:
    write(FileLedger(tmp_path))
    file = tmp_path / f"{DAY}.jsonl"
    lines = file.read_text().splitlines()
    if change == "edit":
        lines[1] = json.dumps({**json.loads(lines[1]), "text": "nothing happened"})
    elif change == "drop":
        del lines[1]
    else:
        lines[0], lines[1] = lines[1], lines[0]
    file.write_text("\n".join(lines) + "\n")
    with pytest.raises(LedgerBrokenError, match="was changed: line"):
        list(FileLedger(tmp_path).entries(DAY))


def test_a_line_that_a_crash_truncated_is_set_aside_and_rewritten(tmp_path: Path) -> None:
    write(FileLedger(tmp_path))
    file = tmp_path / f"{DAY}.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    repaired = FileLedger(tmp_path)
    repaired.append(replace(ENTRY, key="k2", at=MONDAY + timedelta(hours=2)))
    assert [entry.key for entry in repaired.entries(DAY)] == ["k0", "k1", "k2"]


def test_the_right_to_read_add_and_append_is_enough_in_azure(azurite: Azurite) -> None:
    """The deployment creates the container. A signature with limited rights stands for the custom role, which the emulator does not have."""
    azurite_key = azurite.credential.named_key
    name = f"l{uuid4().hex}"
    AzureLedger(azurite.blobs_url, azurite.credential, container=name).append(ENTRY)
    signature = generate_container_sas(
        azurite_key.name,
        name,
        account_key=azurite_key.key,
        permission=ContainerSasPermissions(read=True, add=True, create=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    limited = AzureLedger(azurite.blobs_url, AzureSasCredential(signature), container=name)
    limited.append(replace(ENTRY, key="k1"))
    limited.append(replace(ENTRY, key="k2", at=MONDAY + timedelta(days=1)))
    assert [entry.key for entry in limited.entries(DAY)] == ["run|plan", "k1"]
    blob = BlobServiceClient(azurite.blobs_url, credential=AzureSasCredential(signature)).get_blob_client(
        name, f"{DAY}.jsonl"
    )
    with pytest.raises(HttpResponseError):
        blob.delete_blob()
