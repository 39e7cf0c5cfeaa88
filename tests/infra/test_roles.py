"""The custom roles and the ClusterRole grant exactly what the verbs and facts declare."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest
from pycep import BicepParser
from ruamel.yaml import YAML

from ops.facts import facts
from ops.runbooks import runbooks
from ops.scheduling import fleet_scan
from ops.verbs import verbs

INFRA = Path(__file__).resolve().parents[2] / "infra"


def parsed(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", BicepParser().parse(text=(INFRA / name).read_text()))


def declared_actions() -> set[str]:
    of_verbs = (verb.actions for verb in verbs().values())
    of_facts = (fact.ACTIONS for fact in facts().values())
    return set().union(fleet_scan.ACTIONS, *of_verbs, *of_facts)


def granted() -> dict[str, set[str]]:
    """The actions that each role grants."""
    variables = parsed("roles.bicep")["variables"]
    return {
        name.removesuffix("Actions"): set(variable["value"])
        for name, variable in variables.items()
        if name.endswith("Actions")
    }


def test_every_declared_permission_is_granted() -> None:
    assert declared_actions() - set().union(*granted().values()) == set()


def test_every_granted_permission_is_declared() -> None:
    assert set().union(*granted().values()) - declared_actions() == set()


def test_no_action_is_granted_twice() -> None:
    every = [action for actions in granted().values() for action in actions]
    assert sorted(every) == sorted(set(every))


def test_no_role_reads_admin_credentials() -> None:
    actions = [action.casefold() for actions in granted().values() for action in actions]
    assert not [action for action in actions if "clusteradmincredential" in action or "accessprofiles" in action]


def test_restarts_are_not_granted_in_the_whole_subscription_by_default() -> None:
    parameters = parsed("roles.bicep")["parameters"]
    assert parameters["rebootsInSubscription"]["default"] is False


def test_no_role_grants_a_wildcard() -> None:
    assert not [action for actions in granted().values() for action in actions if "*" in action]


@pytest.mark.parametrize(
    ("runbook", "role", "used"),
    [
        ("node-image", "nodeImage", {"upgrade-node-image"}),
        ("power", "power", {"start-cluster", "stop-cluster"}),
        ("reboot", "reboot", {"cordon-node", "drain-node", "restart-node", "uncordon-node"}),
    ],
)
def test_a_role_grants_what_its_verbs_and_facts_need_and_the_reader_does_not_grant(
    runbook: str, role: str, used: set[str]
) -> None:
    of_facts = (facts()[each.name].ACTIONS for each in fields(runbooks()[runbook].facts))
    needed = set().union(*of_facts, *(verbs()[name].actions for name in used))
    assert needed - granted()["read"] == granted()[role]


def test_a_missing_role_for_reboots_can_be_seen_with_the_reader_alone() -> None:
    assert "Microsoft.Authorization/permissions/read" in granted()["read"]


@pytest.mark.parametrize(
    ("assignment", "role", "switch"),
    [
        ("mayUpgrade", "nodeImageOperator", "nodeImages"),
        ("maySwitch", "powerOperator", "power"),
        ("mayRestart", "rebootOperator", "reboots && rebootsInSubscription"),
        ("mayAskCosts", "costReader", "costs"),
    ],
)
def test_each_role_is_assigned_only_if_its_operation_is_enabled(assignment: str, role: str, switch: str) -> None:
    text = (INFRA / "roles.bicep").read_text()
    start = text.index(f"resource {assignment} ")
    block = text[start : text.index("\n}", start)]
    assert f" = if ({switch}) {{" in block
    assert f"roleDefinitionId: {role}.id" in block


def test_the_cluster_role_grants_exactly_what_is_declared() -> None:
    declared = set().union(
        fleet_scan.KUBERNETES,
        *(verb.kubernetes for verb in verbs().values()),
        *(fact.KUBERNETES for fact in facts().values()),
    )
    role = next(iter(YAML(typ="safe").load_all((INFRA / "clusterrole.yaml").read_text())))
    allowed = {f"{verb} {what}" for rule in role["rules"] for what in rule["resources"] for verb in rule["verbs"]}
    assert allowed == declared


class TestMain:
    """Guarantees that the templates make."""

    def test_the_storage_cannot_be_accessed_with_keys(self) -> None:
        storage = parsed("main.bicep")["resources"]["storage"]["config"]["properties"]
        assert (storage["allowSharedKeyAccess"], storage["allowBlobPublicAccess"]) == (False, False)

    def test_the_ledger_is_under_an_immutability_policy_that_lets_entries_be_appended(self) -> None:
        policy = parsed("main.bicep")["resources"]["immutable"]["config"]["properties"]
        assert policy["allowProtectedAppendWrites"] is True

    def test_the_ledger_has_an_account_of_its_own_on_which_the_identity_can_only_read_and_append(self) -> None:
        """The host owns its own account, and an owner can remove a policy that is not locked."""
        text = (INFRA / "main.bicep").read_text()
        resources = parsed("main.bicep")["resources"]
        assert "parent: ledgerBlobs" in text[text.index("resource ledger ") :][:200]
        assert "parent: ledgerStorage" in text[text.index("resource ledgerBlobs ") :][:200]
        (permissions,) = resources["ledgerWriter"]["config"]["properties"]["permissions"]
        assert permissions == {
            "actions": ["Microsoft.Storage/storageAccounts/blobServices/containers/read"],
            "dataActions": [
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action",
                "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
            ],
        }
        scoped = re.findall(
            r"resource (\w+) '[^']*roleAssignments[^']*' = \{\s+name: [^\n]+\n\s+scope: ledgerStorage\n", text
        )
        assert scoped == ["ledgerAppender"]
        assert "name: 'DAYTWO_LEDGER_STORAGE'\n          value: ledgerStorage.name\n" in text

    def test_the_ledgers_policy_is_not_locked_by_a_deployment(self) -> None:
        """Locking is irreversible, so the guide describes it and the template never does it."""
        text = (INFRA / "main.bicep").read_text()
        assert "Locked" not in text
        assert "immutability-policy lock" in (INFRA.parent / "docs" / "deploy.md").read_text()
        assert "irreversible" in (INFRA.parent / "docs" / "deploy.md").read_text()

    def test_both_accounts_cannot_be_accessed_with_keys(self) -> None:
        properties = parsed("main.bicep")["resources"]["ledgerStorage"]["config"]["properties"]
        assert (properties["allowSharedKeyAccess"], properties["allowBlobPublicAccess"]) == (False, False)

    def test_secrets_come_from_the_key_vault(self) -> None:
        text = (INFRA / "main.bicep").read_text()
        for secret in ("slack-token", "slack-signing-secret", "page-key", "budget-key", "teams-webhook"):
            assert f"@Microsoft.KeyVault(VaultName=${{vault.name}};SecretName={secret})" in text

    def test_requests_without_a_session_are_left_to_the_endpoints_own_keys(self) -> None:
        """Slack, Teams, and action groups cannot sign in; the pages require a session themselves."""
        properties = parsed("main.bicep")["resources"]["signIn"]["config"]["config"]["properties"]
        assert properties["globalValidation"]["requireAuthentication"] is False

    def test_the_app_is_python_313_on_flex_consumption(self) -> None:
        resources = parsed("main.bicep")["resources"]
        runtime = resources["app"]["config"]["properties"]["functionAppConfig"]["runtime"]
        assert (runtime["name"], runtime["version"]) == ("python", "3.13")
        assert resources["plan"]["config"]["sku"]["name"] == "FC1"
