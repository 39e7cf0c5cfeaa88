"""A node is a machine of its cluster only by ARM's word; what an API server says proves nothing (docs/reboot.md, rule 4)."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.model.fleet import Cluster, Node, PoolMachines, Unknown
from ops.model.machine import ListedMachine, Machine, machine_of, parse_machine_id
from ops.policy.node_identity import (
    ConfirmedMachine,
    Match,
    NotConfirmed,
    confirmed,
    match_node,
    match_nodes,
    strangers,
)
from tests.fakes import MONDAY, cluster, machines_of, nodes_of, pool

OURS, THEIRS = cluster("shop-dev"), cluster("shop-prod", env="prod")
SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
INSTANCE = (
    f"azure:///subscriptions/{SUBSCRIPTION}/resourceGroups/MC_rg_shop-dev_westeurope"
    "/providers/Microsoft.Compute/virtualMachineScaleSets/aks-user1-12345678-vmss/virtualMachines/10"
)
SINGLE = (
    f"azure:///subscriptions/{SUBSCRIPTION}/resourcegroups/mc_rg_shop-dev_westeurope"
    "/providers/Microsoft.Compute/virtualMachines/aks-np1-12345678-vms3"
)
NAMES = st.from_regex(re.compile(r"[a-z][a-z0-9-]{0,20}", re.ASCII), fullmatch=True)


def listed(of: Cluster = OURS) -> dict[str, PoolMachines]:
    return {each.name: machines_of(of, each.name) for each in of.pools}


def match(node: Node, *others: Node, of: Cluster = OURS, machines: dict[str, PoolMachines] | None = None) -> Match:
    return match_nodes(of, (node, *others), listed() if machines is None else machines)[node.name]


class TestMachineOf:
    """`spec.providerID`."""

    def test_an_instance_of_a_scale_set_is_parsed(self) -> None:
        assert machine_of(INSTANCE) == Machine(
            SUBSCRIPTION, "mc_rg_shop-dev_westeurope", "10", "aks-user1-12345678-vmss"
        )

    def test_a_single_vm_is_parsed(self) -> None:
        assert machine_of(SINGLE) == Machine(SUBSCRIPTION, "mc_rg_shop-dev_westeurope", "aks-np1-12345678-vms3")

    @pytest.mark.parametrize("text", [INSTANCE, SINGLE])
    def test_case_does_not_matter(self, text: str) -> None:
        assert machine_of(text.upper()) == machine_of(text) == machine_of(text.lower())

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "azure://",
            "azure:///aks-user1-0",
            "aws:///eu-west-1a/i-0123",
            "kind://docker/kind/node",
            INSTANCE.removeprefix("azure://"),
            INSTANCE.replace("Microsoft.Compute", "Microsoft.Storage"),
            INSTANCE + "/restart",
            INSTANCE + "\n",
            INSTANCE + "?api-version=1",
            INSTANCE.replace("/10", "/ten"),
            INSTANCE.replace("/10", "/1\N{ARABIC-INDIC DIGIT ZERO}"),
            INSTANCE.replace("/10", "/"),
            INSTANCE.replace("aks-user1-12345678-vmss", "a/b"),
            INSTANCE.replace("aks-user1-12345678-vmss", "a%2fb"),
            INSTANCE.replace("azure:///", "azure:////"),
            f"x{INSTANCE}",
            SINGLE.replace("virtualMachines", "virtualMachines/x/virtualMachines"),
        ],
    )
    def test_every_other_form_names_no_machine(self, text: str) -> None:
        assert machine_of(text) is None

    @given(st.text())
    def test_arbitrary_text_never_fails(self, text: str) -> None:
        for each in (text, f"azure://{text}", INSTANCE + text, INSTANCE.replace("aks-user1", text)):
            machine = machine_of(each)
            assert machine is None or machine_of(f"azure://{machine.id}") == machine

    @given(NAMES, NAMES, st.integers(0, 10**6), st.data())
    def test_a_machine_is_read_from_its_own_id_in_any_case(
        self, group: str, scale_set: str, number: int, data: st.DataObject
    ) -> None:
        for machine in (Machine(SUBSCRIPTION, group, str(number), scale_set), Machine(SUBSCRIPTION, group, scale_set)):
            upper = data.draw(st.lists(st.booleans(), min_size=len(machine.id), max_size=len(machine.id)))
            mixed = "".join(char.upper() if up else char for char, up in zip(machine.id, upper, strict=True))
            assert parse_machine_id(mixed) == machine


class TestMatch:
    """Which nodes are machines of the cluster."""

    def test_a_node_whose_machine_arm_lists_is_confirmed_with_the_pool_that_arm_names(self) -> None:
        node = replace(nodes_of(OURS)[1], pool="whatever")
        found = match(node)
        assert isinstance(found, ConfirmedMachine)
        assert (found.node, found.pool, found.machine.name) == ("aks-user1-1", "user1", "1")

    def test_a_machine_of_another_cluster_is_not_confirmed_even_if_arm_listed_it(self) -> None:
        found = match(nodes_of(THEIRS)[0], machines=listed(THEIRS))
        assert isinstance(found, NotConfirmed)
        assert "outside the cluster's node resource group" in found.why

    def test_a_machine_in_another_subscription_is_not_confirmed(self) -> None:
        node = nodes_of(OURS)[0]
        found = match(replace(node, provider_id=node.provider_id.replace(SUBSCRIPTION, "1" * 8)))
        assert isinstance(found, NotConfirmed)
        assert "in another subscription" in found.why

    def test_a_machine_that_arm_does_not_list_is_not_confirmed(self) -> None:
        node = nodes_of(OURS)[0]
        found = match(replace(node, provider_id=f"{node.provider_id}99"))
        assert found == NotConfirmed("Azure does not list its machine in a node pool of the cluster", foreign=False)

    def test_no_machine_is_confirmed_if_azure_reports_no_node_resource_group(self) -> None:
        of = replace(OURS, node_resource_group="")
        assert isinstance(match(nodes_of(OURS)[0], of=of), NotConfirmed)

    def test_a_node_without_a_uid_is_not_confirmed(self) -> None:
        found = match(replace(nodes_of(OURS)[0], uid=""))
        assert found == NotConfirmed("its API server reports no uid for it", foreign=False)

    def test_a_node_with_another_name_than_its_machine_is_confirmed_if_no_other_node_names_the_machine(self) -> None:
        renamed = replace(nodes_of(OURS)[0], name="renamed")
        assert isinstance(match(renamed), ConfirmedMachine)

    def test_of_two_nodes_that_name_a_machine_the_other_one_is_not_confirmed(self) -> None:
        real = nodes_of(OURS)[0]
        copy = replace(real, name="copy", uid="uid-copy")
        assert match(copy, real) == NotConfirmed("its provider ID names the machine of another node, aks-user1-0")
        assert isinstance(match(real, copy), ConfirmedMachine)
        assert isinstance(match(replace(real, name="AKS-user1-0"), copy), ConfirmedMachine)

    def test_the_subscription_is_compared_without_regard_to_case(self) -> None:
        own = "00000000-0000-0000-0000-00000000ABCD"
        of = replace(OURS, subscription=own, node_resource_group="MC_rg_shop-dev_westeurope")
        assert isinstance(match(nodes_of(of)[0], of=of, machines=listed(of)), ConfirmedMachine)

    def test_it_is_unknown_whether_a_node_is_confirmed_if_the_machines_cannot_be_read(self) -> None:
        unreadable = Unknown("429", transient=True)
        assert match(nodes_of(OURS)[0], machines={"user1": unreadable}) == unreadable

    def test_a_foreign_machine_is_refused_even_if_the_machines_cannot_be_read(self) -> None:
        assert isinstance(match(nodes_of(THEIRS)[0], machines={"user1": Unknown("429")}), NotConfirmed)

    def test_a_machine_that_several_nodes_name_belongs_to_the_node_with_its_name(self) -> None:
        real = nodes_of(OURS)[0]
        copies = tuple(replace(real, name=f"copy-{number}", uid=f"uid-{number}") for number in range(3))
        assert list(confirmed(match_nodes(OURS, (*copies, real), listed()))) == ["aks-user1-0"]
        assert list(confirmed(match_nodes(OURS, copies, listed()))) == []

    @pytest.mark.parametrize(
        ("more", "found"),
        [
            ({}, True),
            ({"ready": False}, False),
            ({"created": MONDAY - timedelta(minutes=59)}, False),
            ({"created": None}, False),
            ({"provider_id": nodes_of(THEIRS)[0].provider_id, "ready": False, "created": None}, True),
            ({"provider_id": "kind://x", "ready": False, "created": MONDAY}, True),
            ({"provider_id": "", "ready": False, "created": MONDAY}, False),
            ({"provider_id": ""}, True),
            ({"pool": "hostedpool"}, False),
            ({"pool": "", "provisioner": "default"}, False),
            ({"provider_id": nodes_of(OURS)[0].provider_id, "name": "aks-user1-0"}, False),
        ],
    )
    def test_a_settled_node_that_claims_a_pool_without_a_listed_machine_is_a_stranger(
        self, more: dict[str, object], *, found: bool
    ) -> None:
        created = MONDAY - timedelta(hours=1)
        node = Node("fake", "user1", "", ready=True, created=created, provider_id=f"{SINGLE}9", uid="f")
        nodes = (replace(node, **more),)  # type: ignore[arg-type]  # fields by name
        assert bool(strangers(OURS, nodes, match_nodes(OURS, nodes, listed()), MONDAY)) is found

    @given(st.text(), st.text(), st.text())
    def test_labels_and_names_never_confirm_a_foreign_machine(self, name: str, label: str, image: str) -> None:
        foreign = replace(nodes_of(THEIRS)[0], name=name, pool=label, image_label=image)
        assert not confirmed(match_nodes(OURS, (foreign,), {**listed(), **listed(THEIRS)}))

    def test_a_node_that_is_gone_is_not_confirmed(self) -> None:
        first, second, _ = nodes_of(OURS)
        assert isinstance(match_node(OURS, first, (first, second), listed()), ConfirmedMachine)
        gone = NotConfirmed("the node no longer exists", foreign=False)
        assert match_node(OURS, first, (second,), listed()) == gone

    def test_only_the_match_creates_a_confirmed_machine(self) -> None:
        machine = machine_of(INSTANCE)
        assert machine is not None
        with pytest.raises(TypeError):
            ConfirmedMachine(machine, "aks-user1-0", "user1", object())

    def test_both_forms_are_matched(self) -> None:
        of = cluster("shop-dev", pool("np1", type="VirtualMachines"))
        machine = machine_of(SINGLE)
        assert machine is not None
        node = replace(nodes_of(of)[0], name="aks-np1-12345678-vms3", provider_id=SINGLE)
        found = match(node, of=of, machines={"np1": (ListedMachine("aks-np1-12345678-vms3", machine),)})
        assert isinstance(found, ConfirmedMachine)
