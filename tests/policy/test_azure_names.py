"""Azure compares names case-insensitively, letter by letter: no two groups become one."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.model.azure_names import azure_key
from ops.model.machine import machine_of, parse_machine_id
from ops.model.run_request import short_hash
from ops.policy.select import matches
from ops.settings.select import Select
from tests.fakes import cluster

# A name, an id or a part of one, on which another folding of case than that of `azure_key` is applied.
FOLDED = re.compile(
    r"(?:\bid|identity|group|subscription|source|subject|target|scope|arm_id|cluster_id|\bname|\bkey)\]?\)*\.(?:casefold|lower)\(\)"
)
# Not Azure's names: words of a command, days and zones of a schedule, kinds in payloads, Bot Framework ids, HTTP headers.
OTHERS = {
    "ops/adapters/bounded_http.py",
    "ops/adapters/http_client.py",
    "ops/chats/teams/payloads.py",
    "ops/functions.py",
    "ops/policy/commands.py",
}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("/subscriptions/S/resourceGroups/RG-Fleet", "/subscriptions/s/resourcegroups/rg-fleet"),
        ("rg-straße", "rg-straße"),
        ("RG-Ä", "rg-ä"),
        ("rg-\N{LATIN CAPITAL LETTER SHARP S}", "rg-\N{LATIN CAPITAL LETTER SHARP S}"),
        ("rg-\N{KELVIN SIGN}", "rg-\N{KELVIN SIGN}"),
        ("rg-\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}", "rg-\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"),
        ("rg-\N{LATIN SMALL LETTER LONG S}", "rg-\N{LATIN SMALL LETTER LONG S}"),
    ],
)
def test_a_key_keeps_every_letter(text: str, key: str) -> None:
    assert azure_key(text) == key


@given(st.text())
def test_a_key_differs_only_in_case_and_is_its_own_key(text: str) -> None:
    key = azure_key(text)
    assert len(key) == len(text)
    assert all(one == other or one.upper() == other for one, other in zip(key, text, strict=True))
    assert azure_key(key) == key


@given(st.text(st.characters(max_codepoint=127)))
def test_keys_that_are_stored_stay_as_they_are(text: str) -> None:
    assert azure_key(text) == text.casefold()


def test_two_groups_have_two_hashes_and_one_select_each() -> None:
    assert short_hash("/resourcegroups/rg-straße") != short_hash("/resourcegroups/rg-strasse")
    of = cluster("shop-dev", resource_group="rg-STRAßE")
    assert matches(Select(resource_groups=("RG-straße",)), of)
    assert not matches(Select(resource_groups=("rg-strasse",)), of)


def test_a_machine_is_read_from_a_group_with_other_letters() -> None:
    path = "/providers/Microsoft.Compute/virtualMachineScaleSets/aks-user1-12345678-vmss/virtualMachines/1"
    machine = machine_of(f"azure:///subscriptions/s/resourceGroups/MC_rg-straße_Shop{path}")
    assert machine is not None
    assert machine.resource_group == "mc_rg-straße_shop"
    assert parse_machine_id(f"/subscriptions/ß/resourceGroups/g{path}") is None


def test_names_of_azure_are_compared_by_their_key_only() -> None:
    found = [
        f"{path}: {line.strip()}"
        for path in Path("ops").rglob("*.py")
        if path.as_posix() not in OTHERS
        for line in path.read_text().splitlines()
        if FOLDED.search(line) and "azure_key" not in line
    ]
    assert found == []
